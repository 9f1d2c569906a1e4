"""The style of the pages, and the few scripts that they run; each page has what it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelwatch.report.tables_of_values import MOST_LEFT

_STYLE = """
:root{color-scheme:light dark;--bg:#faf9f7;--card:#fff;--fg:#1d1f22;--mute:#5c6169;--line:#e3e1dc;
--main:#1f5687;--other:#a8612b;--ref:#c7c9cd;--vol:#93a9bd;--iv:#1f568726;--mark:#b3261e14;
--chance:#7a7f8722;--bad:#b3261e;--warn:#8f5600;--good:#22693f;
--h:#efeeea;--h0:#efc069;--h1:#e38d43;--h2:#c75230;--h3:#861a27}
@media(prefers-color-scheme:dark){:root{--bg:#15171a;--card:#1d2024;--fg:#e6e6e3;--mute:#a0a6ae;
--line:#30343a;--main:#8fbde6;--other:#e0a070;--ref:#4b5058;--vol:#536d84;--iv:#8fbde62b;
--mark:#ff8a7a1c;--chance:#a0a6ae22;--bad:#ff8a7a;--warn:#e9b44c;--good:#79c796;
--h:#23272c;--h0:#75581d;--h1:#b06f2b;--h2:#df7a4c;--h3:#ffc4ad}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif;
overflow-wrap:anywhere}
a{color:var(--main);text-decoration-thickness:1px;text-underline-offset:2px}
:focus-visible{outline:2px solid var(--main);outline-offset:2px}
header,main,footer{max-width:1080px;margin:0 auto;padding:0 20px}
header{padding-top:26px}
header p{margin:.1em 0;color:var(--mute)}
nav{display:flex;flex-wrap:wrap;gap:4px 20px;margin:14px 0 0;border-bottom:1px solid var(--line)}
nav a{padding:6px 0;text-decoration:none;color:var(--mute);border-bottom:2px solid transparent}
nav a[aria-current]{color:var(--fg);border-color:var(--main);font-weight:600}
h1{font-size:24px;line-height:1.25;margin:0;font-weight:650;letter-spacing:-.01em}
h2{font-size:18px;margin:38px 0 10px;font-weight:650}
h3,.sub{font-size:15px;margin:0 0 6px;font-weight:650}
p{margin:.4em 0;max-width:75ch}
section{scroll-margin-top:12px}
footer{color:var(--mute);font-size:13px;margin-top:48px;padding-top:12px;padding-bottom:36px}
.skip{position:absolute;left:-999px}
.skip:focus{left:8px;top:8px;background:var(--card);padding:6px 10px}
.mute,.note{color:var(--mute)}
.note,.small{font-size:13px}
.top{margin-top:22px}
.cards{display:grid;gap:14px;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr))}
.four{grid-template-columns:repeat(auto-fit,minmax(min(100%,230px),1fr))}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;
min-width:0}
.card>:last-child{margin-bottom:0}
.inc{display:grid;grid-template-columns:1fr 220px;gap:6px 20px;margin:0 0 14px;
border-left:4px solid var(--mute)}
.inc.fail{border-left-color:var(--bad)}
.inc.warn{border-left-color:var(--warn)}
.inc h3{margin-bottom:2px}
.inc>div{min-width:0}
.inc details{grid-column:1/-1}
.big{font-size:26px;font-weight:600;line-height:1.2;letter-spacing:-.01em}
.tag{display:inline-block;font-size:12px;font-weight:600;padding:1px 8px;border-radius:99px;
border:1px solid;margin-right:6px;white-space:nowrap}
.tag.bad,.bad{color:var(--bad)}
.tag.warn,.attention{color:var(--warn)}
.tag.good,.good{color:var(--good)}
.tag.none{color:var(--mute)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:.5em 0}
dt{color:var(--mute)}
dd{margin:0;min-width:0}
.grid2{display:grid;gap:18px 24px;
grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr))}
.grid2>*{min-width:0}
.feature{display:grid;gap:6px 24px;grid-template-columns:minmax(0,5fr) minmax(0,8fr);
border-top:1px solid var(--line);padding:16px 0}
.feature>*{min-width:0}
.feature>.sub,.feature>.full{grid-column:1/-1;margin:0}
svg{display:block;width:100%;height:auto;overflow:visible}
.half{max-width:480px}
.hist{max-width:420px}
.card .curve{max-width:300px}
svg text{font-size:11px;fill:var(--mute)}
.grid2 .pic text{font-size:15px}
.wide>.pic,section>.pic{max-width:780px}
svg a text{fill:var(--main)}
.e{text-anchor:end}.m{text-anchor:middle}
.grid{stroke:var(--line)}
.axis{stroke:var(--mute)}
.ln{fill:none;stroke:var(--main);stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.dot{fill:none;stroke:var(--main);stroke-width:4;stroke-linecap:round}
.iv{fill:var(--iv)}
.other .ln,.other .dot{stroke:var(--other)}
.other .ln{stroke-dasharray:4 3}
.other .iv{fill:none}
.faint .ln,.faint .dot{stroke:var(--ref)}
.thr{fill:none;stroke:var(--bad);stroke-dasharray:2 3}
.chance{fill:var(--chance)}
.mark{fill:var(--mark)}
.spark circle{fill:var(--main)}
.ref,.refbar{fill:var(--ref)}
.cur{fill:var(--iv);stroke:var(--main);stroke-width:1.6}
.curbar{fill:var(--main)}
.fallbar{fill:var(--other)}
.vol{fill:var(--vol)}
.vol.gone{fill:var(--bad)}
.diag{stroke:var(--mute);stroke-dasharray:3 3;fill:none}
.h-{fill:var(--h)}
.h0{fill:var(--h0);background:var(--h0)}.h1{fill:var(--h1);background:var(--h1)}
.h2{fill:var(--h2);background:var(--h2)}.h3{fill:var(--h3);background:var(--h3)}
.legend{font-size:13px;color:var(--mute);margin:.5em 0}
.key{display:inline-block;width:14px;height:10px;border-radius:2px;margin:0 4px 0 10px}
.key.main{background:var(--main)}.key.other{background:var(--other)}.key.refkey,.key.faint{background:var(--ref)}
.wide{overflow-x:auto}
.wide .heat,.wide .pic{min-width:780px}
.wide .t td{overflow-wrap:break-word}
.t{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin:6px 0}
.t th,.t td:first-child{overflow-wrap:break-word}
.t th{font-weight:600;color:var(--mute);vertical-align:bottom}
.t th,.t td{text-align:right;padding:3px 10px 3px 0;border-bottom:1px solid var(--line);
vertical-align:top}
.t caption{text-align:left;color:var(--mute)}
details{margin:4px 0}
summary{cursor:pointer;color:var(--mute);font-size:13px}
pre,code{font:12.5px/1.45 ui-monospace,Consolas,monospace}
pre{background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:8px 10px;
margin:6px 0;white-space:pre-wrap}
th[aria-sort=ascending]::after{content:" ↑"}th[aria-sort=descending]::after{content:" ↓"}
input,select{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);
border-radius:6px;padding:5px 10px;max-width:100%}
input{width:320px}
button{font:inherit;font-size:12px;color:var(--main);background:none;border:1px solid var(--line);
border-radius:6px;padding:2px 8px;cursor:pointer}
th button{border:0;padding:0;font:inherit;color:inherit;text-align:inherit}
[hidden]{display:none!important}
@media(max-width:720px){.inc,.feature{grid-template-columns:minmax(0,1fr)}header{padding-top:16px}
.grid2 .pic text{font-size:20px}.feature .pic text{font-size:17px}
.late{direction:rtl}.late>*{direction:ltr}.wide .t{width:max-content;max-width:560px}}
@media print{:root{--bg:#fff;--card:#fff}body{font-size:11pt}.grid2 .pic text{font-size:12px}
nav,input,select,pre+button,.skip{display:none}
header,main,footer{max-width:none;padding:0}.card,.feature,.grid2>div,svg{break-inside:avoid}
h2,h3,section>.mute{break-after:avoid}
.wide .heat,.wide .pic{min-width:0}a{color:inherit;text-decoration:none}.wide{overflow:visible}}
"""

_SCRIPTS = {
    "data-filter=": """
for(const box of document.querySelectorAll("input[data-filter]")){
const parts=[...document.querySelectorAll(box.dataset.filter)],
choice=document.createElement("select"),
rows=[...document.querySelectorAll(".segments tbody tr")],of=row=>row.cells[0].textContent,
show=()=>{const word=box.value.trim().toLowerCase(),one=choice.value;
for(const row of rows)row.hidden=one!==""&&of(row)!==one;
for(const part of parts)part.hidden=!part.dataset.name.includes(word)||one!==""&&
!part.querySelector(".segments tbody tr:not([hidden])");
for(const row of rows)row.closest("details").open=one!==""};
box.parentElement.hidden=false;box.addEventListener("input",show);
if(rows.length){choice.ariaLabel="Segment";choice.add(new Option("All segments",""));
for(const name of [...new Set(rows.map(of))].sort())choice.add(new Option(name));
choice.addEventListener("change",show);box.after(" ",choice)}}
""",
    " sorts": """
const size=text=>{const plain=text.replace(/\u2212/g,"-").replace(/,(?=\\d{3})/g,""),
day=/^([A-Z][a-z]{2} \\d+)\\b.*?(\\d{4})/.exec(plain),
number=/^[<+]?(-?[\\d.]+)([kMBT]?)/.exec(plain);
return /^\\d{4}-\\d\\d-/.test(plain)?Date.parse(plain.slice(0,10)):
day?Date.parse(day[1]+", "+day[2]):
number?number[1]*1e3**" kMBT".indexOf(number[2]||" "):NaN};
for(const head of document.querySelectorAll(".sorts th")){
const body=head.closest("table").tBodies[0],button=document.createElement("button");
button.type="button";button.append(...head.childNodes);head.append(button);
button.addEventListener("click",()=>{const up=head.ariaSort==="descending";
for(const other of head.parentElement.cells)other.ariaSort=null;
head.ariaSort=up?"ascending":"descending";
const told=row=>row.cells[head.cellIndex]?.textContent.trim()??"";
body.append(...[...body.rows].sort((a,b)=>{const [x,y]=[told(a),told(b)],[m,n]=[size(x),size(y)],
least=isNaN(m)||isNaN(n)?isNaN(m)-isNaN(n)||y.localeCompare(x):m-n;return up?least:-least}))})}
""",
    'class="copy"': """
for(const block of document.querySelectorAll("pre.copy")){
const button=document.createElement("button");button.type="button";button.textContent="Copy";
button.addEventListener("click",async()=>{try{
await navigator.clipboard.writeText(block.textContent);
button.textContent="Copied"}catch{getSelection().selectAllChildren(block)}});block.after(button)}
""",
    'class="keep"': """
addEventListener("beforeprint",()=>{for(const one of document.querySelectorAll("details.keep"))
one.open=true});
""",
}
"""The script by a mark of the elements that it acts on."""


def script_of(body: str) -> str:
    """The script that a page with this body needs; empty where it needs none."""
    return "".join(script for mark, script in _SCRIPTS.items() if mark in body)


def style_of(body: str) -> str:
    """The stylesheet of a page with this body: only rules and variables that have an effect."""
    lists = re.findall(r'class="([^"]*)"', body)
    names = {f".{name}" for held in lists for name in held.split()}
    names |= set(re.findall(r"<([a-z][a-z0-9]*)", body)) | {"body"}
    for mark, made in _MADE_BY_SCRIPT.items():
        names |= made if mark in body else set()
    used_rules = "".join(_used_rules(STYLE, names))
    used = set(re.findall(r"var\((--[a-z0-9-]+)\)", used_rules))
    return _VARIABLE.sub(lambda one: one.group() if one.group(1) in used else "", used_rules)


_RULE = re.compile(r"(@media[^{]*)\{((?:[^{}]*\{[^{}]*\})*)\}|([^{}@]+)(\{[^{}]*\})")
_VARIABLE = re.compile(r"(--[a-z0-9-]+):[^;}]*;?")
_MADE_BY_SCRIPT = {
    "data-filter=": frozenset({"select"}),
    " sorts": frozenset({"button"}),
    'class="copy"': frozenset({"button"}),
}


def _used_rules(style: str, names: set[str]) -> Iterator[str]:
    for rule in _RULE.finditer(style):
        condition, inner, selectors, declarations = rule.groups()
        if condition:
            held = "".join(_used_rules(inner, names))
            if held:
                yield f"{condition}{{{held}}}"
            continue
        fitting = [one for one in selectors.split(",") if _names_of(one) <= names]
        if fitting:
            yield ",".join(fitting) + declarations


def _names_of(selector: str) -> set[str]:
    """Classes, with their dot, and elements that a selector names."""
    plain = re.sub(r"\[[^]]*\]|:[a-z-]+(?:\([^)]*\))?", "", selector)
    return set(re.findall(r"\.[A-Za-z][\w-]*|(?<![\w.-])[a-z][a-z0-9]*", plain))


def _stylesheet() -> str:
    left = ",".join(
        f".c{at} td:nth-child({at}),.c{at} th:nth-child({at})" for at in range(1, MOST_LEFT + 1)
    )
    return re.sub(r"\n", "", _STYLE) + left + "{text-align:left}"


STYLE = _stylesheet()
"""All rules; a page includes those that apply to it."""
