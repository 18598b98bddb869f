package geo

import "math"

// EarthRadius is the mean radius, in kilometers.
const EarthRadius = 6371.0088

// Point is a place on the unit sphere: what distances are reckoned from, so
// that of two places only the first costs sines and cosines.
type Point struct{ X, Y, Z float32 }

// PointOf is the point at coordinates.
func PointOf(c Coordinates) Point {
	sinLatitude, cosLatitude := math.Sincos(c.Latitude * math.Pi / 180)
	sinLongitude, cosLongitude := math.Sincos(c.Longitude * math.Pi / 180)
	return Point{
		X: float32(cosLatitude * cosLongitude),
		Y: float32(cosLatitude * sinLongitude),
		Z: float32(sinLatitude),
	}
}

// Kilometers is the great-circle distance between two points, to within 5 km:
// the exactness of 32 bits, and of a globe that is taken for a sphere.
func (p Point) Kilometers(q Point) float32 {
	x, y, z := float64(p.X-q.X), float64(p.Y-q.Y), float64(p.Z-q.Z)
	versine := (x*x + y*y + z*z) / 2 // one less the cosine; from the chord, it is exact for near points
	if versine <= 1 {
		return float32(EarthRadius * arcVersine(versine))
	}
	return float32(EarthRadius * (math.Pi - arcVersine(max(2-versine, 0))))
}

// arcVersine is the angle of which one less the cosine is v, 0 to 1, to within
// 2e-8 (Abramowitz and Stegun 4.4.46): a fifth of the time of math.Asin, and
// latency is estimated for many regions at once.
func arcVersine(v float64) float64 {
	c := 1 - v
	return math.Sqrt(v) * (1.5707963050 + c*(-0.2145988016+c*(0.0889789874+c*(-0.0501743046+
		c*(0.0308918810+c*(-0.0170881256+c*(0.0066700901+c*-0.0012624911)))))))
}

// Point is where a position is, if it is Located.
func (p *Position) Point() Point {
	return PointOf(Coordinates{Latitude: float64(p.Latitude), Longitude: float64(p.Longitude)})
}
