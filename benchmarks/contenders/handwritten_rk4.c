/* What one core can do: a Morris-Lecar population by RK4 in vector intrinsics, AVX-512 or AVX2, for benchmarks only.

   A block of neurons and its parameters stay in the L1 cache for all steps. Two vectors go through each step side by
   side, so that one fills the gaps in the other's chains of operations. A right-hand side costs two exponentials, which
   share nothing but their form, and one division. Spikes are counted, not timed.

   cc -O3 -march=native -shared -fPIC handwritten_rk4.c -o handwritten_rk4.so */
#include <immintrin.h>

#if defined(__AVX512F__)
typedef __m512d vec;
enum { WIDTH = 8 };
#define all(x) _mm512_set1_pd(x)
#define load(p) _mm512_load_pd(p)
#define store(p, x) _mm512_store_pd(p, x)
#define add(a, b) _mm512_add_pd(a, b)
#define sub(a, b) _mm512_sub_pd(a, b)
#define mul(a, b) _mm512_mul_pd(a, b)
#define over(a, b) _mm512_div_pd(a, b)
#define fma(a, b, c) _mm512_fmadd_pd(a, b, c)   /* a b + c */
#define fnma(a, b, c) _mm512_fnmadd_pd(a, b, c) /* c - a b */
#define shift_in(x) _mm512_slli_epi64(_mm512_castpd_si512(x), 52)
#define times_power(x, e) _mm512_castsi512_pd(_mm512_add_epi64(_mm512_castpd_si512(x), e))
#define over_power(x, e) _mm512_castsi512_pd(_mm512_sub_epi64(_mm512_castpd_si512(x), e))
typedef __m512i exponent;
static inline vec one_where_crossed(vec before, vec after) {
    __mmask8 up = _mm512_cmp_pd_mask(before, all(0), _CMP_LT_OQ) & _mm512_cmp_pd_mask(after, all(0), _CMP_GE_OQ);
    return _mm512_maskz_mov_pd(up, all(1));
}
#elif defined(__AVX2__) && defined(__FMA__)
typedef __m256d vec;
enum { WIDTH = 4 };
#define all(x) _mm256_set1_pd(x)
#define load(p) _mm256_load_pd(p)
#define store(p, x) _mm256_store_pd(p, x)
#define add(a, b) _mm256_add_pd(a, b)
#define sub(a, b) _mm256_sub_pd(a, b)
#define mul(a, b) _mm256_mul_pd(a, b)
#define over(a, b) _mm256_div_pd(a, b)
#define fma(a, b, c) _mm256_fmadd_pd(a, b, c)
#define fnma(a, b, c) _mm256_fnmadd_pd(a, b, c)
#define shift_in(x) _mm256_slli_epi64(_mm256_castpd_si256(x), 52)
#define times_power(x, e) _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(x), e))
#define over_power(x, e) _mm256_castsi256_pd(_mm256_sub_epi64(_mm256_castpd_si256(x), e))
typedef __m256i exponent;
static inline vec one_where_crossed(vec before, vec after) {
    vec up = _mm256_and_pd(_mm256_cmp_pd(before, all(0), _CMP_LT_OQ), _mm256_cmp_pd(after, all(0), _CMP_GE_OQ));
    return _mm256_and_pd(up, all(1));
}
#else
#error "needs AVX2 with FMA, or AVX-512"
#endif

enum { LANES = 64, SIDE = 2 }; /* vectors side by side */
enum { REST, LEAK, CALCIUM, POTASSIUM, E_CA, E_K, V1, SLOPE_M, V3, SLOPE_N, HALF_PHI, ROWS };
/* the rows of `parameters`, as they are published */
enum { C_, G_L, G_CA, G_K, E_L_, E_CA_, E_K_, V1_, V2_, V3_, V4_, PHI_, CURRENT };

/* x = k ln 2 + r; k comes back in the exponent's place */
static inline vec reduced(vec x, exponent *power) {
    vec rounder = all(0x1.8p52), shifted = fma(x, all(0x1.71547652b82fep0), rounder), k = sub(shifted, rounder);
    *power = shift_in(shifted);
    return fnma(k, all(0x1.abc9e3b39803fp-56), fnma(k, all(0x1.62e42fefa39efp-1), x));
}

/* exp by the Taylor polynomial of degree 11, within 1e-14 */
static inline vec exponential(vec x) {
    exponent power;
    vec r = reduced(x, &power), r2 = mul(r, r), r4 = mul(r2, r2), r8 = mul(r4, r4);
    vec a = add(all(1), r), b = fma(r, all(1. / 6), all(1. / 2)), c = fma(r, all(1. / 120), all(1. / 24));
    vec d = fma(r, all(1. / 5040), all(1. / 720)), e = fma(r, all(1. / 362880), all(1. / 40320));
    vec f = fma(r, all(1. / 39916800), all(1. / 3628800));
    return times_power(fma(r8, fma(r2, f, e), fma(r4, fma(r2, d, c), fma(r2, b, a))), power);
}

/* exp(x) and exp(-x): the polynomial's even and odd halves */
static inline void exponentials(vec x, vec *plus, vec *minus) {
    exponent power;
    vec r = reduced(x, &power), r2 = mul(r, r), r4 = mul(r2, r2), r8 = mul(r4, r4);
    vec even = fma(r4, fma(r2, all(1. / 720), all(1. / 24)), fma(r2, all(1. / 2), all(1)));
    vec odd = fma(r4, fma(r2, all(1. / 5040), all(1. / 120)), fma(r2, all(1. / 6), all(1)));
    even = fma(r8, fma(r2, all(1. / 3628800), all(1. / 40320)), even);
    odd = mul(r, fma(r8, fma(r2, all(1. / 39916800), all(1. / 362880)), odd));
    *plus = times_power(add(even, odd), power);
    *minus = over_power(sub(even, odd), power);
}

static inline void slope(vec v, vec n, const double *p, vec *dv, vec *dn) {
    vec a = exponential(mul(sub(load(p + V1 * LANES), v), load(p + SLOPE_M * LANES))), u, inverse;
    exponentials(mul(sub(load(p + V3 * LANES), v), load(p + SLOPE_N * LANES)), &u, &inverse);
    vec square = mul(u, u), closed_m = add(all(1), a), closed_n = fma(square, square, all(1));
    vec both = over(all(1), mul(closed_m, closed_n)), m = mul(both, closed_n), n_inf = mul(both, closed_m);
    vec sum = fnma(load(p + LEAK * LANES), v, load(p + REST * LANES));
    sum = fnma(mul(load(p + POTASSIUM * LANES), n), sub(v, load(p + E_K * LANES)), sum);
    *dv = fnma(mul(load(p + CALCIUM * LANES), m), sub(v, load(p + E_CA * LANES)), sum);
    *dn = mul(sub(n_inf, n), mul(load(p + HALF_PHI * LANES), add(u, inverse)));
}

/* n a multiple of 64; V, N, count (n); parameters (13, n) */
void rk4(double *V, double *N, double *count, const double *parameters, long n, double dt, long steps) {
    _Alignas(64) double v[LANES], w[LANES], spikes[LANES], p[ROWS * LANES];
    const vec half = all(dt / 2), whole = all(dt), sixth = all(dt / 6), two = all(2);
    for (long low = 0; low < n; low += LANES) {
        for (int i = 0; i < LANES; i++) {
#define GIVEN(name) parameters[name * n + low + i]
            v[i] = V[low + i], w[i] = N[low + i], spikes[i] = 0;
            p[REST * LANES + i] = (GIVEN(CURRENT) + GIVEN(G_L) * GIVEN(E_L_)) / GIVEN(C_);
            p[LEAK * LANES + i] = GIVEN(G_L) / GIVEN(C_), p[CALCIUM * LANES + i] = GIVEN(G_CA) / GIVEN(C_);
            p[POTASSIUM * LANES + i] = GIVEN(G_K) / GIVEN(C_), p[HALF_PHI * LANES + i] = GIVEN(PHI_) / 2;
            p[E_CA * LANES + i] = GIVEN(E_CA_), p[E_K * LANES + i] = GIVEN(E_K_);
            p[V1 * LANES + i] = GIVEN(V1_), p[SLOPE_M * LANES + i] = 2 / GIVEN(V2_);
            p[V3 * LANES + i] = GIVEN(V3_), p[SLOPE_N * LANES + i] = 0.5 / GIVEN(V4_);
        }
        for (long step = 0; step < steps; step++)
            for (int i = 0; i < LANES; i += SIDE * WIDTH) {
                vec v0[SIDE], w0[SIDE], a[SIDE], b[SIDE], va[SIDE], wa[SIDE];
#define EACH for (int s = 0; s < SIDE; s++)
#define SLOPES(x, y) EACH slope(x, y, p + i + s * WIDTH, &a[s], &b[s])
                EACH v0[s] = load(v + i + s * WIDTH), w0[s] = load(w + i + s * WIDTH);
                SLOPES(v0[s], w0[s]);
                EACH va[s] = a[s], wa[s] = b[s];
                SLOPES(fma(half, a[s], v0[s]), fma(half, b[s], w0[s]));
                EACH va[s] = fma(two, a[s], va[s]), wa[s] = fma(two, b[s], wa[s]);
                SLOPES(fma(half, a[s], v0[s]), fma(half, b[s], w0[s]));
                EACH va[s] = fma(two, a[s], va[s]), wa[s] = fma(two, b[s], wa[s]);
                SLOPES(fma(whole, a[s], v0[s]), fma(whole, b[s], w0[s]));
                EACH {
                    vec after = fma(sixth, add(va[s], a[s]), v0[s]);
                    store(v + i + s * WIDTH, after);
                    store(w + i + s * WIDTH, fma(sixth, add(wa[s], b[s]), w0[s]));
                    store(spikes + i + s * WIDTH, add(load(spikes + i + s * WIDTH), one_where_crossed(v0[s], after)));
                }
            }
        for (int i = 0; i < LANES; i++) V[low + i] = v[i], N[low + i] = w[i], count[low + i] += spikes[i];
    }
}
