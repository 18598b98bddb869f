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
	half := math.Sqrt(x*x+y*y+z*z) / 2 // of the chord; unlike a dot product, exact for near points
	return float32(2 * EarthRadius * math.Asin(min(half, 1)))
}

// Point is where a position is, if it is Located.
func (p *Position) Point() Point {
	return PointOf(Coordinates{Latitude: float64(p.Latitude), Longitude: float64(p.Longitude)})
}
