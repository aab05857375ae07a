package chd

import "math"

// tryLinear tries linear prediction.
func (e *flacEncoder) tryLinear(c *flacChannel) {
	s := c.samples
	if len(s) <= 2*maxOrder {
		return
	}
	var auto [maxOrder + 1]float64
	e.autocorrelation(s, auto[:])
	if auto[0] == 0 {
		return
	}
	orders, errs := levinson(&auto)
	best, bestBits := 0, math.Inf(1)
	for o := 1; o <= maxOrder; o++ {
		n := float64(o * (precision + c.width))
		if v := errs[o] / float64(len(s)); v > 0 {
			n += float64(len(s)-o) * max(0, 0.5*math.Log2(v)+1)
		}
		if n < bestBits {
			best, bestBits = o, n
		}
	}
	var factors [maxOrder]int32
	shift, ok := quantize(orders[best][:best], factors[:best])
	if !ok {
		return
	}
	predict(c.buffer(), s, factors[:best], shift)
	if c.consider(flacLinear, best, 8+best*c.width+4+5+best*precision) {
		c.factors, c.shift = factors, shift
	}
}

// autocorrelation computes the autocorrelation of the samples behind a window.
func (e *flacEncoder) autocorrelation(s []int32, auto []float64) {
	if len(e.window) != len(s) {
		e.window = tukey(len(s))
		e.float = make([]float64, len(s))
	}
	f := e.float
	for i, v := range s {
		f[i] = float64(v) * e.window[i]
	}
	for lag := range auto {
		var a, b, c, d float64
		x, y := f[lag:], f[:len(f)-lag]
		i := 0
		for ; i+4 <= len(y) && i+4 <= len(x); i += 4 {
			a += x[i] * y[i]
			b += x[i+1] * y[i+1]
			c += x[i+2] * y[i+2]
			d += x[i+3] * y[i+3]
		}
		for ; i < len(y); i++ {
			a += x[i] * y[i]
		}
		auto[lag] = a + b + c + d
	}
}

// tukey returns a window whose first and last quarter are those of a cosine.
func tukey(n int) []float64 {
	w := make([]float64, n)
	edge := n / 4
	for i := range w {
		w[i] = 1
		if d := min(i, n-1-i); d < edge {
			w[i] = 0.5 - 0.5*math.Cos(math.Pi*float64(d)/float64(edge))
		}
	}
	return w
}

// levinson returns the factors for each order, and the error that remains, by the recursion
// of Levinson and Durbin.
func levinson(auto *[maxOrder + 1]float64) (orders [maxOrder + 1][maxOrder]float64, errs [maxOrder + 1]float64) {
	var f [maxOrder]float64
	err := auto[0]
	errs[0] = err
	for o := 1; o <= maxOrder; o++ {
		if err <= 0 {
			orders[o], errs[o] = orders[o-1], math.Inf(1)
			continue
		}
		r := auto[o]
		for j := range o - 1 {
			r -= f[j] * auto[o-1-j]
		}
		r /= err
		last := f
		f[o-1] = r
		for j := range o - 1 {
			f[j] = last[j] - r*last[o-2-j]
		}
		err *= 1 - r*r
		orders[o], errs[o] = f, err
	}
	return orders, errs
}

// quantize makes integers of factors, which have to be shifted right by the result. It
// returns false if they are too large.
func quantize(f []float64, q []int32) (int, bool) {
	var most float64
	for _, v := range f {
		most = max(most, math.Abs(v))
	}
	if most == 0 || math.IsInf(most, 0) || math.IsNaN(most) {
		return 0, false
	}
	_, exponent := math.Frexp(most)
	shift := min(precision-1-exponent, 15)
	if shift < 0 {
		return 0, false
	}
	const limit = 1<<(precision-1) - 1
	rest := 0.0
	for i, v := range f { // the error of one is made up for by the next
		rest += v * float64(int(1)<<shift)
		n := max(-limit-1, min(limit, math.Round(rest)))
		q[i] = int32(n)
		rest -= n
	}
	return shift, true
}

// predict computes the residuals of linear prediction.
func predict(r, s, factors []int32, shift int) {
	order := len(factors)
	var f [maxOrder]int64 // those of the oldest samples first
	for i, v := range factors {
		f[order-1-i] = int64(v)
	}
	g := f[:order]
	for i := order; i < len(s); i++ {
		var sum int64
		for j, v := range s[i-order : i : i] {
			sum += g[j] * int64(v)
		}
		r[i] = s[i] - int32(sum>>shift)
	}
}
