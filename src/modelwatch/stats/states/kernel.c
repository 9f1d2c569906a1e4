/* One pass over a numeric column: bins, extremes, exact power sums, distinct hashes, steps.

   The same digits as the numpy functions of this folder, for which see binning.py, moments.py,
   distinct.py and pairs.py. Doubles are IEEE 754 without contraction (-ffp-contract=off). Plain C
   with unsigned __int128, called by ctypes; nothing of Python's ABI. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CHUNK 2048      /* values that are taken through all steps while they are in the cache */
#define CELLS 2048      /* equal cells of the table of edges */
#define MOST_EDGES 4096 /* edges whose counts of a chunk have four tables of their own */
#define SKETCH 256
#define RECENT 1024     /* hashes that were met lately */
/* Limits of the table, so that no step of its arithmetic over- or underflows. */
#define WIDEST 1e290
#define WIDEST_BY_SIZE 1e100

typedef __int128 wide;

typedef struct {
  const double *edges; /* ascending, from -inf to +inf */
  int64_t n_edges;
  double center, scale; /* scale: a power of two between 2^-900 and 2^900 */
  double low, inverse;  /* cell of x: (x - low) * inverse, if shift < 0 */
  int64_t low_key, shift; /* cell of x: (key of x - low_key) >> shift, if shift >= 0 */
  uint16_t first[CELLS + 1];  /* an edge at or below the cell, at most two below its last one */
  uint8_t crowded[CELLS + 1]; /* whether the cell needs a search */
} bins;

int64_t modelwatch_bins_size(void) { return sizeof(bins); }

/* Integers in the order of doubles: equal steps of them are equal steps of size, not of distance. */
static inline int64_t key_of(double x) {
  int64_t key;
  x += 0.0; /* -0.0 is 0.0 */
  memcpy(&key, &x, sizeof key);
  return key ^ ((key >> 63) & INT64_MAX);
}

static void cell_filled(bins *b, int64_t c, int64_t at, int64_t inside) {
  int64_t n = b->n_edges;
  b->first[c] = (uint16_t)(at < n - 3 ? at : n - 3);
  b->crowded[c] = inside > 2 || at > n - 3 || c == 0 || c == CELLS;
}

/* Fills the table with equal steps of distance; returns how many edges need no search. */
static int64_t filled_by_distance(bins *b, double low, double high) {
  const double *e = b->edges;
  int64_t n = b->n_edges, at = 0, held = 0;
  b->shift = -1;
  b->low = low;
  b->inverse = CELLS / (high - low);
  for (int64_t c = 0; c <= CELLS; c++) {
    double left = low + c / b->inverse, right = low + (c + 1) / b->inverse;
    /* Wider than the rounding of the cell of a value may be wrong by. */
    double slack = (fabs(left) + fabs(right) + fabs(low)) * 1e-12;
    left -= slack;
    right += slack;
    while (at + 1 < n && e[at + 1] <= left) at++;
    int64_t inside = 0;
    while (at + inside + 1 < n && inside < 3 && e[at + inside + 1] <= right) inside++;
    cell_filled(b, c, at, inside);
    if (!b->crowded[c]) held += inside;
  }
  return held;
}

/* The same with equal steps of keys. */
static int64_t filled_by_size(bins *b, int64_t low, int64_t high) {
  const double *e = b->edges;
  int64_t n = b->n_edges, at = 0, held = 0;
  b->shift = 0;
  while ((((uint64_t)high - (uint64_t)low) >> b->shift) > CELLS - 4) b->shift++;
  b->low_key = low - ((int64_t)1 << b->shift);
  for (int64_t c = 0; c <= CELLS; c++) {
    int64_t left = b->low_key + (c << b->shift), right = left + ((int64_t)1 << b->shift) - 1;
    while (at + 1 < n && key_of(e[at + 1]) <= left) at++;
    int64_t inside = 0;
    while (at + inside + 1 < n && inside < 3 && key_of(e[at + inside + 1]) <= right) inside++;
    cell_filled(b, c, at, inside);
    if (!b->crowded[c]) held += inside;
  }
  return held;
}

/* The first of so many edges in a row that are nearest to one another; 0 for none. */
static int64_t densest(const double *e, int64_t n, int64_t many, int by_size) {
  int64_t at = 0;
  double span = INFINITY;
  for (int64_t i = 1; i + many < n - 1; i++) {
    double width = by_size ? (double)key_of(e[i + many]) - (double)key_of(e[i])
                           : e[i + many] - e[i];
    if (width < span) {
      span = width;
      at = i;
    }
  }
  return at;
}

/* Fills the table over so many edges; -1 if they are too near or too far for its arithmetic. */
static int64_t filled(bins *b, int64_t many, int by_size) {
  const double *e = b->edges;
  int64_t at = densest(e, b->n_edges, many, by_size);
  if (!at) return -1;
  if (by_size) {
    double low = e[at], high = e[at + many];
    if (fabs(low) > WIDEST_BY_SIZE || fabs(high) > WIDEST_BY_SIZE) return -1;
    /* Keys of both signs span nearly all doubles there are: cells would be of no use. */
    if ((uint64_t)key_of(high) - (uint64_t)key_of(low) >= (uint64_t)1 << 61) return -1;
    return filled_by_size(b, key_of(low), key_of(high));
  }
  double low = e[at], high = e[at + many], cell = (high - low) / (CELLS - 4);
  if (!(high - low > 1 / WIDEST)) return -1;
  low -= cell;
  high += 2 * cell;
  if (!(fabs(low) < WIDEST && fabs(high) < WIDEST)) return -1;
  return filled_by_distance(b, low, high);
}

/* The table over those edges that it serves best: the tails would stretch its cells. */
void modelwatch_bins(bins *b, const double *edges, int64_t n, double center, double scale) {
  memset(b, 0, sizeof *b);
  b->edges = edges;
  b->n_edges = n;
  b->center = center;
  b->scale = scale;
  int64_t most = -1, best = 0;
  int best_by_size = 0;
  for (int by_size = 0; by_size < 2; by_size++)
    for (int64_t percent = 30; percent <= 90; percent += 10) {
      int64_t held = filled(b, n * percent / 100, by_size);
      if (held > most) {
        most = held;
        best = n * percent / 100;
        best_by_size = by_size;
      }
    }
  if (most >= 0) {
    filled(b, best, best_by_size);
    return;
  }
  b->shift = -1;
  b->low = b->inverse = 0.0;
  memset(b->first, 0, sizeof b->first);
  memset(b->crowded, 1, sizeof b->crowded);
}

static inline int64_t searched(const double *e, int64_t n, double x) {
  int64_t base = 0;
  while (n > 1) {
    int64_t half = n / 2;
    base += (-(int64_t)(e[base + half] <= x)) & half;
    n -= half;
  }
  return base;
}

static void count_bins(const bins *b, const double *x, int64_t n, int64_t *counts) {
  uint16_t bin[CHUNK], search[CHUNK + 1];
  const double *e = b->edges;
  uint16_t cells[CHUNK];
  int64_t searches = 0;
  if (b->shift < 0) {
    double low = b->low, inverse = b->inverse;
    for (int64_t i = 0; i < n; i++) {
      double t = (x[i] - low) * inverse;
      t = t > 0.0 ? t : 0.0;
      t = t < (double)CELLS ? t : (double)CELLS;
      cells[i] = (uint16_t)(int32_t)t;
    }
  } else {
    int64_t low = b->low_key, shift = b->shift;
    for (int64_t i = 0; i < n; i++) {
      int64_t key = key_of(x[i]);
      uint64_t cell = ((uint64_t)key - (uint64_t)low) >> shift;
      cell = cell < CELLS ? cell : CELLS;
      cells[i] = (uint16_t)(key < low ? 0 : cell);
    }
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t at = b->first[cells[i]];
    at += e[at + 1] <= x[i];
    at += e[at + 1] <= x[i];
    bin[i] = (uint16_t)at;
    search[searches] = (uint16_t)i;
    searches += b->crowded[cells[i]];
  }
  for (int64_t s = 0; s < searches; s++)
    bin[search[s]] = (uint16_t)searched(e, b->n_edges, x[search[s]]);
  int64_t edges = b->n_edges;
  if (n < 4 * edges || edges > MOST_EDGES) {
    for (int64_t i = 0; i < n; i++) counts[bin[i]]++;
    return;
  }
  /* Four tables, so that equal neighbors do not wait for one another. */
  uint32_t tables[4][MOST_EDGES];
  for (int t = 0; t < 4; t++) memset(tables[t], 0, (size_t)edges * sizeof(uint32_t));
  int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int t = 0; t < 4; t++) tables[t][bin[i + t]]++;
  for (; i < n; i++) tables[0][bin[i]]++;
  for (int64_t j = 0; j < edges; j++)
    counts[j] += (int64_t)tables[0][j] + tables[1][j] + tables[2][j] + tables[3][j];
}

static void add_powers(const bins *b, const double *x, int64_t n, double low, double high,
                       wide sums[3], int64_t lost[3]) {
  double center = b->center, in_scales = 1048576.0 / b->scale;
  double farthest = fmax(fabs(low - center), fabs(high - center)) / b->scale;
  if (farthest < 32.0) { /* no sum of a chunk reaches 2^62 units */
    int64_t one = 0, two = 0, three = 0;
    for (int64_t i = 0; i < n; i++) {
      double t = (x[i] - center) * in_scales, square = t * t, cube = square * t;
      one += (int64_t)(t * 0x1p24);
      two += (int64_t)square;
      three += (int64_t)(cube * 0x1p-26);
    }
    sums[0] += one;
    sums[1] += two;
    sums[2] += three;
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    double t = (x[i] - center) * in_scales, square = t * t, cube = square * t;
    double terms[3] = {t * 0x1p24, square, cube * 0x1p-26};
    for (int p = 0; p < 3; p++) {
      if (fabs(terms[p]) < 0x1p62)
        sums[p] += (int64_t)terms[p];
      else if (fabs(terms[p]) < 0x1p94)
        sums[p] += (wide)terms[p];
      else
        lost[p]++;
    }
  }
}

/* Adds runs of rows to counts (runs, 2 + edges), power sums (runs, 12) and ends (runs, 2).

   order: the rows of the runs, one run after the other; NULL for all as they stand. nulls: NULL for
   none. counts and sums must be zero. A run without a finite number has the ends +inf and -inf. */
void modelwatch_runs(const bins *b, const double *values, const uint8_t *nulls,
                     const int64_t *order, const int64_t *starts, const int64_t *stops,
                     int64_t runs, int64_t *counts, int64_t *sums, double *ends) {
  double gathered[CHUNK], finite[CHUNK];
  int64_t width = b->n_edges + 2;
  for (int64_t r = 0; r < runs; r++, counts += width, sums += 12, ends += 2) {
    wide powers[3] = {0, 0, 0};
    int64_t lost[3] = {0, 0, 0};
    double least = INFINITY, greatest = -INFINITY;
    for (int64_t start = starts[r]; start < stops[r]; start += CHUNK) {
      int64_t n = stops[r] - start < CHUNK ? stops[r] - start : CHUNK;
      const double *x = values + start;
      if (order) {
        for (int64_t i = 0; i < n; i++) gathered[i] = values[order[start + i]];
        x = gathered;
      }
      if (nulls) {
        int64_t found = 0;
        for (int64_t i = 0; i < n; i++) found += nulls[order ? order[start + i] : start + i];
        counts[0] += found;
        counts[1] -= found; /* a null is NaN as well */
      }
      int64_t held = 0;
      for (int64_t i = 0; i < n; i++) {
        finite[held] = x[i];
        held += fabs(x[i]) <= 0x1.fffffffffffffp1023;
      }
      if (held < n)
        for (int64_t i = 0; i < n; i++) {
          if (x[i] != x[i])
            counts[1]++;
          else if (fabs(x[i]) > 0x1.fffffffffffffp1023)
            counts[x[i] < 0 ? 2 : width - 1]++;
        }
      if (!held) continue;
      double low = finite[0], high = finite[0];
      for (int64_t i = 1; i < held; i++) {
        low = finite[i] < low ? finite[i] : low;
        high = finite[i] > high ? finite[i] : high;
      }
      count_bins(b, finite, held, counts + 2);
      add_powers(b, finite, held, low, high, powers, lost);
      least = low < least ? low : least;
      greatest = high > greatest ? high : greatest;
    }
    for (int p = 0; p < 3; p++) {
      sums[4 * p] = (int64_t)(powers[p] >> 64);
      sums[4 * p + 1] = (int64_t)((uint64_t)(powers[p] >> 32) & 0xffffffffu);
      sums[4 * p + 2] = (int64_t)((uint64_t)powers[p] & 0xffffffffu);
      sums[4 * p + 3] = lost[p];
    }
    ends[0] = least;
    ends[1] = greatest;
  }
}

static int64_t entered(uint64_t *sketch, int64_t size, uint64_t hash) {
  int64_t low = 0, high = size;
  while (low < high) {
    int64_t middle = (low + high) / 2;
    if (sketch[middle] < hash)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < size && sketch[low] == hash) return size;
  int64_t moved = size < SKETCH ? size : SKETCH - 1;
  memmove(sketch + low + 1, sketch + low, (size_t)(moved - low) * sizeof *sketch);
  sketch[low] = hash;
  return size < SKETCH ? size + 1 : size;
}

/* Enters the hashes of rows start to stop into an ascending sketch of 256; returns its new size. */
int64_t modelwatch_distinct(const double *values, const uint64_t *rest, const int64_t *order,
                            int64_t start, int64_t stop, uint64_t *sketch, int64_t size) {
  uint64_t recent[RECENT], low[CHUNK + 1];
  memset(recent, 0xff, sizeof recent);
  for (; start < stop; start += CHUNK) {
    int64_t last = stop - start < CHUNK ? stop : start + CHUNK, found = 0;
    uint64_t threshold = size == SKETCH ? sketch[SKETCH - 1] : ~(uint64_t)0;
    for (int64_t i = start; i < last; i++) {
      int64_t at = order ? order[i] : i;
      double value = values[at] + 0.0; /* -0.0 is 0.0 */
      uint64_t hash;
      memcpy(&hash, &value, sizeof hash);
      if (rest) hash ^= rest[at];
      hash *= 0x9E3779B97F4A7C15u;
      hash ^= hash >> 32;
      hash *= 0xD6E8FEB86659FD93u;
      low[found] = hash;
      found += (hash < threshold) & (value == value);
    }
    for (int64_t i = 0; i < found; i++) {
      uint64_t *seen = recent + ((low[i] >> 20) & (RECENT - 1));
      if (*seen == low[i]) continue;
      *seen = low[i];
      if (size < SKETCH || low[i] < sketch[SKETCH - 1]) size = entered(sketch, size, low[i]);
    }
  }
  return size;
}

/* Steps of the scale of all rows, clipped and rounded to even, 0 for what is not finite. Returns
   how many are not; present, which must be all 1, becomes 0 for these. */
int64_t modelwatch_steps(const bins *b, const double *values, int64_t n, double *steps,
                         uint8_t *present) {
  double center = b->center, in_scales = 4096.0 / b->scale;
  int64_t gaps = 0;
  for (int64_t start = 0; start < n; start += CHUNK) {
    int64_t stop = n - start < CHUNK ? n : start + CHUNK, missing = 0;
    for (int64_t i = start; i < stop; i++) {
      double t = (values[i] - center) * in_scales;
      t = t > 32768.0 ? 32768.0 : t;
      t = t < -32768.0 ? -32768.0 : t;
      steps[i] = (t + 0x1.8p52) - 0x1.8p52;
      missing += !(fabs(values[i]) <= 0x1.fffffffffffffp1023);
    }
    gaps += missing;
    if (missing)
      for (int64_t i = start; i < stop; i++) {
        if (fabs(values[i]) <= 0x1.fffffffffffffp1023) continue;
        present[i] = 0;
        steps[i] = 0.0;
      }
  }
  return gaps;
}

/* Numbers of an Arrow column, NaN for nulls; validity: bits from bit offset on, NULL for no null. */
void modelwatch_doubles(const double *data, const uint8_t *validity, int64_t offset, int64_t n,
                        double *values, uint8_t *nulls) {
  for (int64_t i = 0; i < n; i++) {
    int known = (validity[(offset + i) >> 3] >> ((offset + i) & 7)) & 1;
    values[i] = known ? data[i] : NAN;
    nulls[i] = !known;
  }
}

/* The same of longs. Returns how many known ones are beyond 2^53, where doubles don't hold all. */
int64_t modelwatch_longs(const int64_t *data, const uint8_t *validity, int64_t offset, int64_t n,
                         double *values, uint8_t *nulls) {
  int64_t beyond = 0, bound = (int64_t)1 << 53;
  if (!validity) {
    for (int64_t i = 0; i < n; i++) {
      values[i] = (double)data[i];
      beyond += (data[i] > bound) | (data[i] < -bound);
    }
    return beyond;
  }
  for (int64_t i = 0; i < n; i++) {
    int known = (validity[(offset + i) >> 3] >> ((offset + i) & 7)) & 1;
    values[i] = known ? (double)data[i] : NAN;
    nulls[i] = !known;
    beyond += known & ((data[i] > bound) | (data[i] < -bound));
  }
  return beyond;
}
