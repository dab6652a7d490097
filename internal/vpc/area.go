package vpc

import "strings"

// The parts of the world, as an attached network's InstanceArea names them.
const (
	areaMainland     = "CHINA_MAINLAND"
	areaAsiaPacific  = "ASIA_PACIFIC"
	areaNorthAmerica = "NORTH_AMERICA"
	areaSouthAmerica = "SOUTH_AMERICA"
	areaEurope       = "EUROPE"
	areaMiddleEast   = "MIDDLE_EAST"
)

// cityAreas places the vendor's regions by what follows the first dash of their names.
var cityAreas = map[string]string{
	"guangzhou": areaMainland, "shanghai": areaMainland, "nanjing": areaMainland, "beijing": areaMainland,
	"chengdu": areaMainland, "chongqing": areaMainland, "shenzhen": areaMainland, "qingyuan": areaMainland,
	"shenzhen-fsi": areaMainland, "shanghai-fsi": areaMainland, "beijing-fsi": areaMainland,
	"hongkong": areaAsiaPacific, "taipei": areaAsiaPacific, "singapore": areaAsiaPacific, "jakarta": areaAsiaPacific,
	"seoul": areaAsiaPacific, "tokyo": areaAsiaPacific, "osaka": areaAsiaPacific, "mumbai": areaAsiaPacific,
	"bangkok": areaAsiaPacific, "kualalumpur": areaAsiaPacific, "manila": areaAsiaPacific, "sydney": areaAsiaPacific,
	"toronto": areaNorthAmerica, "siliconvalley": areaNorthAmerica, "ashburn": areaNorthAmerica,
	"saopaulo":  areaSouthAmerica,
	"frankfurt": areaEurope, "moscow": areaEurope,
	"riyadh": areaMiddleEast, "saudi-arabia": areaMiddleEast,
}

// continentAreas place regions of the operator's own by what stands before the first
// dash. A region of Asia may lie anywhere in it and counts as mainland.
var continentAreas = map[string]string{
	"na": areaNorthAmerica, "sa": areaSouthAmerica, "eu": areaEurope, "me": areaMiddleEast,
}

// Area is the part of the world that a region lies in.
func (r Region) Area() string {
	continent, city, _ := strings.Cut(string(r), "-")
	if area, ok := cityAreas[city]; ok {
		return area
	}
	if area, ok := continentAreas[continent]; ok {
		return area
	}
	return areaMainland
}

func (r Region) mainland() bool { return r.Area() == areaMainland }

// finance reports whether a region is one of the finance cloud.
func (r Region) finance() bool { return strings.HasSuffix(string(r), "-fsi") }
