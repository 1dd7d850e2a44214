#include "daemon/units.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *ucum;
	const char *word;
} units[] = {
	{"s", "seconds"},
	{"ms", "milliseconds"},
	{"us", "microseconds"},
	{"ns", "nanoseconds"},
	{"min", "minutes"},
	{"h", "hours"},
	{"d", "days"},
	{"By", "bytes"},
	{"kBy", "kilobytes"},
	{"MBy", "megabytes"},
	{"GBy", "gigabytes"},
	{"KiBy", "kibibytes"},
	{"MiBy", "mebibytes"},
	{"GiBy", "gibibytes"},
	{"bit", "bits"},
	{"Mbit", "megabits"},
	{"Hz", "hertz"},
	{"kHz", "kilohertz"},
	{"MHz", "megahertz"},
	{"GHz", "gigahertz"},
	{"%", "percent"},
	{"Cel", "celsius"},
	{"K", "kelvin"},
	{"V", "volts"},
	{"mV", "millivolts"},
	{"A", "amperes"},
	{"mA", "milliamperes"},
	{"W", "watts"},
	{"mW", "milliwatts"},
	{"J", "joules"},
	{"m", "meters"},
	{"mm", "millimeters"},
	{"km", "kilometers"},
	{"g", "grams"},
	{"kg", "kilograms"},
	{"Pa", "pascals"},
	{"hPa", "hectopascals"},
	{"deg", "degrees"},
	{"dB", "decibels"},
	{"By/s", "bytes_per_second"},
	{"bit/s", "bits_per_second"},
	{"m/s", "meters_per_second"},
};

const char *units_word(const char *ucum)
{
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(units[i].ucum, ucum) == 0) {
			return units[i].word;
		}
	}
	return "";
}
