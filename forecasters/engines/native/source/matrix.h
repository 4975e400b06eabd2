// Matrices as the kernels store them, and the product in which nearly all the time is spent.
//
// Windows are trained in blocks of 32. A value that a network computes is a *row*: one number for
// each window of the block, side by side, so that a SIMD register holds 16 (or 8) windows and any
// hidden size is used without waste. A layer's values are positions x features rows:
//
//       position 0    feature 0     [w0 w1 w2 ... w31]
//                     feature 1     [w0 w1 w2 ... w31]
//       position 1    feature 0     [w0 w1 w2 ... w31]       a session is a position
//                     ...
//
// A weight matrix W is kept as [inputs][outputs], its rows padded to whole registers. What a dense
// layer, a convolution and the inputs of a recurrent layer have in common is that W slides over
// the rows: the output at position p sees the `inputs` rows from p * slide on (a convolution of
// kernel 3 over C channels has 3C inputs and slides by C). From that, three products:
//
//       forward     y[p][n][w]   =  b[n] + sum over k of  W[k][n] * x[p * slide + k][w]
//       backward    dx[q][w]     =  sum over p and n  of  W[q - p * slide][n] * dy[p][n][w]
//       weights     dW[k][n]     =  sum over p and w  of  x[p * slide + k][w] * dy'[p][w][n]
//
// where dy' is dy with windows and outputs exchanged (`Transposed`). All three are C = A B with a
// number of A broadcast and a register of B multiplied by it. They are computed tile by tile:
//
//                         B   depth x (VECTORS registers)
//                             |
//       A   ROWS x depth  ->  [ROWS x VECTORS registers that stay in place until the sum is done]
//
// Each element of C is one sum from k = 0 upwards in every tile: so neither the width of a register
// nor the size of a tile changes a bit of it. It is written to C, so C need not be set before; or
// it is added to C, for the gradients of a batch's later blocks.
#pragma once

#include <algorithm>
#include <array>

#include "vector.h"

namespace native {

constexpr int LANES = 32;  // windows in a block

// Registers are 32 (AVX-512) or 16; a tile must leave one for A and VECTORS for B.
constexpr int TILE_ROWS = WIDTH == 16 ? 14 : 6;
constexpr int TILE_VECTORS = 2;
constexpr int TILE_COLUMNS = TILE_VECTORS * WIDTH;

struct Shape {
  int positions = 1, features = 1;
  int rows() const { return positions * features; }
  size_t floats() const { return static_cast<size_t>(rows()) * LANES; }
};

// The next multiple of 16: full registers in every build.
inline int round_up(int columns) { return (columns + 15) / 16 * 16; }

// The same, but no multiple of 256: rows one KiB apart would share few lines of the first cache.
inline int padded(int columns) {
  return round_up(columns) % 256 == 0 ? round_up(columns) + 16 : round_up(columns);
}

// A weight matrix [inputs][outputs], and in the same layout the gradient of the loss by it.
struct Matrix {
  int inputs = 0, outputs = 0, stride = 0;
  float* value = nullptr;
  float* gradient = nullptr;

  bool exists() const { return inputs > 0; }

  // The same inputs, some of the outputs.
  Matrix outputs_from(int first, int count) const {
    return {inputs, count, stride, value + first, gradient + first};
  }
};

// Rows with windows and outputs exchanged, for the gradient of the weights: the columns of a tile
// together, so that the product reads its right factor from front to back.
//
//       outputs 0 .. 31     position 0    window 0   [n0 n1 ... n31]
//                                         window 1   [n0 n1 ... n31]
//                           position 1    ...
//       outputs 32 .. 63    position 0    ...                          (AVX2: 16 outputs)
//
// The last outputs may be fewer, always full registers. After all of them, the sum of each output.
struct Transposed {
  float* start;
  int positions, stride;  // stride: outputs and zeros to a whole register
  float* sums;            // over positions and windows

  Transposed(float* start, int positions, int stride)
      : start(start),
        positions(positions),
        stride(stride),
        sums(start + static_cast<size_t>(positions) * LANES * stride) {}

  static size_t floats(int positions, int stride) {
    return static_cast<size_t>(positions * LANES + 1) * stride;
  }

  // How many outputs are stored together with output `column`, and its place in the first window.
  int together(int column) const {
    return std::min(TILE_COLUMNS, stride - column / TILE_COLUMNS * TILE_COLUMNS);
  }
  float* at(int position, int column) const {
    const int before = column / TILE_COLUMNS * TILE_COLUMNS;
    return start + static_cast<ptrdiff_t>(positions) * LANES * before +
           static_cast<ptrdiff_t>(position) * LANES * together(column) + (column - before);
  }
};

namespace tiling {

// How a left factor is stored: the numbers of a row side by side, as in a weight matrix or in a
// block of windows; or the numbers of a column, as in a transposed weight matrix.
enum class Left { ByRow, Windows, ByColumn };

// C = A B, or with several terms C = A0 B0 + A1 B1 + ..., where each term is a step after the last.
// The users below set every field that is not the default by its name.
struct Factors {
  const float* a = nullptr;
  ptrdiff_t a_stride = 0, a_step = 0;  // in floats: to the next row (or column), to the next term
  const float* b = nullptr;
  ptrdiff_t b_stride = 0, b_step = 0;
  int terms = 1, depth = 0;      // depth: numbers in each sum, of all terms but the last
  int last_depth = 0;            // of the last term
  const float* start = nullptr;  // for each row the number that its sums begin with; null: 0
  bool adds = false;             // add to C instead of writing it
};

template <Left LEFT, int VECTORS, int ROWS>
void tile(const Factors& f, const float* a, const float* b, const float* start, float* c,
          ptrdiff_t c_stride) {
  const ptrdiff_t a_stride = LEFT == Left::Windows ? LANES : f.a_stride, b_stride = f.b_stride;
  Vector sum[ROWS][VECTORS] = {};
  if (start) {
    UNROLL
    for (int row = 0; row < ROWS; ++row) {
      UNROLL
      for (int v = 0; v < VECTORS; ++v) sum[row][v] = broadcast(start[row]);
    }
  }
  for (int term = 0; term < f.terms; ++term, a += f.a_step, b += f.b_step) {
    const int depth = term + 1 < f.terms ? f.depth : f.last_depth;
    const float *a_k = a, *b_k = b;
    for (int k = 0; k < depth; ++k, b_k += b_stride) {
      Vector right[VECTORS];
      UNROLL
      for (int v = 0; v < VECTORS; ++v) right[v] = load(b_k + v * WIDTH);
      UNROLL
      for (int row = 0; row < ROWS; ++row) {
        const Vector left = broadcast(LEFT == Left::ByColumn ? a_k[row] : a_k[row * a_stride]);
        UNROLL
        for (int v = 0; v < VECTORS; ++v) sum[row][v] = fma(left, right[v], sum[row][v]);
      }
      a_k += LEFT == Left::ByColumn ? a_stride : 1;
    }
  }
  const bool adds = f.adds;
  UNROLL
  for (int row = 0; row < ROWS; ++row) {
    UNROLL
    for (int v = 0; v < VECTORS; ++v) {
      float* to = c + row * c_stride + v * WIDTH;
      store(to, adds ? load(to) + sum[row][v] : sum[row][v]);
    }
  }
}

using Tile = void (*)(const Factors&, const float*, const float*, const float*, float*, ptrdiff_t);

template <Left LEFT, int VECTORS, int... ROWS>
constexpr std::array<Tile, sizeof...(ROWS)> heights(std::integer_sequence<int, ROWS...>) {
  return {tile<LEFT, VECTORS, ROWS + 1>...};
}

// The tile of 1 .. TILE_ROWS rows, at its number less one.
template <Left LEFT, int VECTORS>
constexpr auto TILES = heights<LEFT, VECTORS>(std::make_integer_sequence<int, TILE_ROWS>{});

// C[rows][columns of one tile] = A B at each of `outputs` places, where B and C move by a step each
// time. A part of A is used at all places before the next part is read. The tiles have nearly equal
// heights (50 rows are two tiles of 13 and two of 12, not three of 14 and one of 8).
template <Left LEFT, int VECTORS = TILE_VECTORS>
void multiply(int rows, const Factors& f, float* c, ptrdiff_t c_stride, int outputs = 1,
              ptrdiff_t b_output = 0, ptrdiff_t c_output = 0) {
  const int tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  for (int part = 0, row = 0; part < tiles; ++part) {
    const int height = rows / tiles + (part < rows % tiles);
    const Tile tile = TILES<LEFT, VECTORS>[height - 1];
    const float* a = f.a + (LEFT == Left::ByColumn ? row : row * f.a_stride);
    const float* start = f.start ? f.start + row : nullptr;
    for (int place = 0; place < outputs; ++place)
      tile(f, a, f.b + place * b_output, start, c + place * c_output + row * c_stride, c_stride);
    row += height;
  }
}

// The same for all windows of a block, side by side in C and B.
template <Left LEFT>
void multiply_rows(int rows, Factors f, float* y, int outputs, ptrdiff_t b_output,
                   ptrdiff_t c_output) {
  for (int lane = 0; lane < LANES; lane += TILE_COLUMNS, f.b += TILE_COLUMNS)
    multiply<LEFT>(rows, f, y + lane, LANES, outputs, b_output, c_output);
}

}  // namespace tiling

// y[p][n] = start[n] + sum over k of W[k][n] * x[p * slide + k], at each of `positions`; start may
// be null for zero.
inline void forward(const Matrix& w, const float* x, const float* start, float* y, int positions,
                    int slide) {
  tiling::Factors f;
  f.a = w.value;
  f.a_stride = w.stride;
  f.b = x;
  f.b_stride = LANES;
  f.depth = f.last_depth = w.inputs;
  f.start = start;
  tiling::multiply_rows<tiling::Left::ByColumn>(w.outputs, f, y, positions,
                                                static_cast<ptrdiff_t>(slide) * LANES,
                                                static_cast<ptrdiff_t>(w.outputs) * LANES);
}

// y[n] = start[n] + sum over k of W[k][n] * x[k] + sum over k of U[k][n] * h[k].
inline void forward(const Matrix& w, const float* x, const Matrix& u, const float* h,
                    const float* start, float* y) {
  tiling::Factors f;
  f.a = w.value;
  f.a_stride = w.stride;
  f.a_step = u.value - w.value;
  f.b = x;
  f.b_stride = LANES;
  f.b_step = h - x;
  f.terms = 2;
  f.depth = w.inputs;
  f.last_depth = u.inputs;
  f.start = start;
  tiling::multiply_rows<tiling::Left::ByColumn>(w.outputs, f, y, 1, 0, 0);
}

// dx[q] = sum over p and n of W[q - p * slide][n] * dy[p][n], for the p at which W has such a row.
// W is inputs / slide positions (taps) long; the sum begins with the latest p.
inline void backward(const Matrix& w, const float* dy, float* dx, int positions, int slide,
                     bool adds = false) {
  const int taps = w.inputs / slide, places = positions + taps - 1;
  const ptrdiff_t of_w = static_cast<ptrdiff_t>(slide) * w.stride;
  const ptrdiff_t of_dy = static_cast<ptrdiff_t>(w.outputs) * LANES;
  const ptrdiff_t of_dx = static_cast<ptrdiff_t>(slide) * LANES;
  for (int place = 0, alike; place < places; place += alike) {
    const int first = std::max(0, place - positions + 1), last = std::min(place, taps - 1);
    alike = last - first + 1 == taps ? positions - last : 1;  // places that every tap reaches
    tiling::Factors f;
    f.a = w.value + first * of_w;
    f.a_stride = w.stride;
    f.a_step = of_w;
    f.b = dy + (place - first) * of_dy;
    f.b_stride = LANES;
    f.b_step = -of_dy;
    f.terms = last - first + 1;
    f.depth = f.last_depth = w.outputs;
    f.adds = adds;
    tiling::multiply_rows<tiling::Left::ByRow>(slide, f, dx + place * of_dx, alike, of_dy, of_dx);
  }
}

// dW[k][n] = sum over p and windows of x[p * slide + k] * dy'[p][window][n], dy' from position
// `first` on.
inline void weights(const Matrix& w, const float* x, const Transposed& dy, int slide, bool adds,
                    int first = 0) {
  for (int n = 0; n < dy.stride; n += TILE_COLUMNS) {
    const int together = dy.together(n);
    tiling::Factors f;
    f.a = x;
    f.a_stride = LANES;
    f.a_step = static_cast<ptrdiff_t>(slide) * LANES;
    f.b = dy.at(first, n);
    f.b_stride = together;
    f.b_step = static_cast<ptrdiff_t>(LANES) * together;
    f.terms = dy.positions - first;
    f.depth = f.last_depth = LANES;
    f.adds = adds;
    if (together == TILE_COLUMNS)
      tiling::multiply<tiling::Left::Windows>(w.inputs, f, w.gradient + n, w.stride);
    else
      tiling::multiply<tiling::Left::Windows, 1>(w.inputs, f, w.gradient + n, w.stride);
  }
}

// db[n] = sum over p and windows of dy'[p][window][n].
inline void biases(const Matrix& b, const Transposed& dy, bool adds) {
  for (int n = 0; n < dy.stride; n += WIDTH) {
    const Vector sum = load(dy.sums + n);
    store(b.gradient + n, adds ? load(b.gradient + n) + sum : sum);
  }
}

// y[n] = b[n] in every window; b may be null for zero.
inline void fill(float* y, int outputs, const float* b) {
  for (int n = 0; n < outputs; ++n, y += LANES) std::fill_n(y, LANES, b ? b[n] : 0.0f);
}

namespace transposition {

// Exchange, in a pair of rows BLOCK apart, the upper right block with the lower left one.
template <int BLOCK, int... I>
inline void exchange(Vector& upper, Vector& lower, std::integer_sequence<int, I...>) {
  const Vector a = upper, b = lower;
  upper = pick<(I & BLOCK ? WIDTH + I - BLOCK : I)...>(a, b);
  lower = pick<(I & BLOCK ? WIDTH + I : I + BLOCK)...>(a, b);
}

// Transpose a WIDTH x WIDTH square in registers: blocks of half its side, of a quarter, ... of one.
template <int BLOCK>
inline void square(Vector (&rows)[WIDTH]) {
  UNROLL
  for (int row = 0; row < WIDTH; ++row)
    if (!(row & BLOCK))
      exchange<BLOCK>(rows[row], rows[row + BLOCK], std::make_integer_sequence<int, WIDTH>{});
  if constexpr (BLOCK > 1) square<BLOCK / 2>(rows);
}

}  // namespace transposition

// y'[p][window][n] = y[p][n][window]; the columns from `outputs` to the stride are zero. The sums
// are computed in the same loop, in four independent parts.
inline void transpose(const float* y, int outputs, const Transposed& turned) {
  for (int n = 0; n < turned.stride; n += WIDTH) {
    const int together = turned.together(n);
    Vector sum[4] = {};
    for (int p = 0; p < turned.positions; ++p) {
      const float* from = y + (static_cast<ptrdiff_t>(p) * outputs + n) * LANES;
      float* to = turned.at(p, n);
      for (int lane = 0; lane < LANES; lane += WIDTH) {
        Vector rows[WIDTH];
        UNROLL
        for (int i = 0; i < WIDTH; ++i)
          rows[i] = n + i < outputs ? load(from + i * LANES + lane) : Vector{};
        transposition::square<WIDTH / 2>(rows);
        UNROLL
        for (int i = 0; i < WIDTH; ++i) {
          store(to + (lane + i) * together, rows[i]);
          sum[i % 4] += rows[i];
        }
      }
    }
    store(turned.sums + n, (sum[0] + sum[1]) + (sum[2] + sum[3]));
  }
}

}  // namespace native
