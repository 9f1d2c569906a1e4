"""The look of the pages, and the little that they do by script; both are constants."""

from __future__ import annotations

import re

from modelwatch.report.tables_of_values import MOST_LEFT

_STYLE = """
:root{color-scheme:light dark;--bg:#faf9f7;--card:#fff;--fg:#1d1f22;--mute:#5c6169;--line:#e3e1dc;
--link:#1f5687;--main:#1f5687;--other:#a8612b;--ref:#c7c9cd;--vol:#93a9bd;--iv:#1f568726;--mark:#b3261e14;
--thr:#b3261e;--chance:#7a7f8722;--bad:#b3261e;--warn:#8f5600;--good:#22693f;--none:#5c6169;
--h:#efeeea;--h0:#efc069;--h1:#e38d43;--h2:#c75230;--h3:#861a27}
@media(prefers-color-scheme:dark){:root{--bg:#15171a;--card:#1d2024;--fg:#e6e6e3;--mute:#a0a6ae;
--line:#30343a;--link:#8fbde6;--main:#8fbde6;--other:#e0a070;--ref:#4b5058;--vol:#536d84;--iv:#8fbde62b;
--mark:#ff8a7a1c;--thr:#ff8a7a;--chance:#a0a6ae22;--bad:#ff8a7a;--warn:#e9b44c;--good:#79c796;
--none:#a0a6ae;--h:#23272c;--h0:#75581d;--h1:#b06f2b;--h2:#df7a4c;--h3:#ffc4ad}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,-apple-system,
"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;overflow-wrap:anywhere}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:2px}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
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
border-left:4px solid var(--none)}
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
.tag.none{color:var(--none)}
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
svg text{font-size:11px;fill:var(--mute)}
.grid2 .pic text{font-size:15px}
svg a text{fill:var(--link)}
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
.thr{fill:none;stroke:var(--thr);stroke-dasharray:2 3}
.chance{fill:var(--chance)}
.mark{fill:var(--mark)}
.spark circle{fill:var(--main)}
.ref,.refbar{fill:var(--ref)}
.cur{fill:var(--iv);stroke:var(--main);stroke-width:1.6}
.curbar{fill:var(--main)}
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
.wide .heat,.wide .pic{min-width:560px}
.t{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin:6px 0}
.t th{font-weight:600;color:var(--mute);vertical-align:bottom}
.t th,.t td{text-align:right;padding:3px 10px 3px 0;border-bottom:1px solid var(--line);
vertical-align:top}
.t caption{text-align:left;color:var(--mute)}
details{margin:4px 0}
summary{cursor:pointer;color:var(--mute);font-size:13px}
pre,code{font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
pre{background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:8px 10px;
margin:6px 0;white-space:pre-wrap}
input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);
border-radius:6px;padding:5px 10px;width:min(100%,320px)}
button{font:inherit;font-size:12px;color:var(--link);background:none;border:1px solid var(--line);
border-radius:6px;padding:2px 8px;cursor:pointer}
[hidden]{display:none!important}
@media(max-width:720px){.inc,.feature{grid-template-columns:minmax(0,1fr)}header{padding-top:16px}}
@media print{:root{--bg:#fff;--card:#fff}body{font-size:11pt}nav,input,button,.skip{display:none}
header,main,footer{max-width:none;padding:0}.card,.feature,svg{break-inside:avoid}
.wide .heat,.wide .pic{min-width:0}a{color:inherit;text-decoration:none}.wide{overflow:visible}}
"""

SCRIPT = """
for(const box of document.querySelectorAll("input[data-filter]")){
box.parentElement.hidden=false;
box.addEventListener("input",()=>{const word=box.value.trim().toLowerCase();
for(const part of document.querySelectorAll(box.dataset.filter))
part.hidden=!part.dataset.name.includes(word)})}
for(const block of document.querySelectorAll("pre.copy")){
const button=document.createElement("button");button.type="button";button.textContent="Copy";
button.addEventListener("click",async()=>{try{
await navigator.clipboard.writeText(block.textContent);
button.textContent="Copied"}catch{getSelection().selectAllChildren(block)}});block.after(button)}
addEventListener("beforeprint",()=>{for(const one of document.querySelectorAll("details.keep"))
one.open=true});
"""


def _stylesheet() -> str:
    left = ",".join(
        f".c{at} td:nth-child({at}),.c{at} th:nth-child({at})" for at in range(1, MOST_LEFT + 1)
    )
    return re.sub(r"\n", "", _STYLE) + left + "{text-align:left}"


STYLE = _stylesheet()
"""The stylesheet of every page."""
