/* Straightforward C: one loop over neurons, the textbook's tanh and cosh, RK4, spikes counted. For benchmarks only.
   The compiler is given all it may want: cc -O3 -march=native -ffast-math -shared -fPIC plain_rk4.c -lm */
#include <math.h>

static inline void slope(double v, double n, double I, double *dv, double *dn) {
    double m = 0.5 * (1 + tanh((v + 1.2) / 18)), n_inf = 0.5 * (1 + tanh((v - 2) / 30));
    *dv = (I - 2 * (v + 60) - 4.4 * m * (v - 120) - 8 * n * (v + 84)) / 20;
    *dn = (n_inf - n) * 0.04 * cosh((v - 2) / 60);
}

/* step by step over all neurons, which lets the compiler vectorise across them */
void rk4(double *V, double *N, double *count, const double *current, long n, double dt, long steps) {
    enum { BLOCK = 64 };
    for (long low = 0; low < n; low += BLOCK) {
        long high = low + BLOCK < n ? low + BLOCK : n;
        for (long step = 0; step < steps; step++)
            for (long i = low; i < high; i++) {
                double v = V[i], w = N[i], I = current[i], a, b, c, d, e, f, g, h;
                slope(v, w, I, &a, &b);
                slope(v + dt / 2 * a, w + dt / 2 * b, I, &c, &d);
                slope(v + dt / 2 * c, w + dt / 2 * d, I, &e, &f);
                slope(v + dt * e, w + dt * f, I, &g, &h);
                double after = v + dt / 6 * (a + 2 * c + 2 * e + g);
                N[i] = w + dt / 6 * (b + 2 * d + 2 * f + h);
                count[i] += (v < 0) & (after >= 0);
                V[i] = after;
            }
    }
}
