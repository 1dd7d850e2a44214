#include "page/ucum.h"

#include <stddef.h>
#include <string.h>

#define DEPTH_MAX 8

/* Those that a plugin may meet; special and customary ones are left out. */
static const char *const metric_atoms[] = {
	"m",  "s",  "g",      "rad",  "K",    "C",   "cd", "mol", "sr",  "Hz", "N",   "Pa",
	"J",  "W",  "A",      "V",    "F",    "Ohm", "S",  "Wb",  "Cel", "T",  "H",   "lm",
	"lx", "Bq", "Gy",     "Sv",   "l",    "L",   "t",  "ar",  "bar", "eV", "bit", "By",
	"Bd", "B",  "B[SPL]", "B[V]", "B[W]", "Np",  "u",  "cal", "kat", "gf", "erg", "dyn",
};
static const char *const other_atoms[] = {
	"10*",  "10^",    "%",      "[ppth]", "[ppm]",   "[ppb]",  "[pptr]",  "min",
	"h",    "d",      "wk",     "mo",     "a",       "deg",    "gon",     "'",
	"''",   "[degF]", "[in_i]", "[ft_i]", "[mi_i]",  "[kn_i]", "[lb_av]", "[psi]",
	"[pH]", "[g]",    "[c]",    "atm",    "[car_m]",
};
static const char *const prefixes[] = {
	"da", "Ki", "Mi", "Gi", "Ti", "Y", "Z", "E", "P", "T", "G", "M",
	"k",  "h",  "d",  "c",  "m",  "u", "n", "p", "f", "a", "z", "y",
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Length of the longest of these with which the text begins; 0: none. */
static size_t longest(const char *const *words, size_t count, const char *text)
{
	size_t best = 0;

	for (size_t i = 0; i < count; i++) {
		size_t bytes = strlen(words[i]);

		if (bytes > best && strncmp(words[i], text, bytes) == 0) {
			best = bytes;
		}
	}
	return best;
}

/* A unit that takes prefixes, with one or none. The longest reading is not always the right one
 * ("Pa" is no peta-year, "min" no milli-inch), so the caller sees to what follows. */
static size_t metric_unit(const char *text)
{
	size_t plain = longest(metric_atoms, COUNT(metric_atoms), text);
	size_t best = plain;

	for (size_t i = 0; i < COUNT(prefixes); i++) {
		size_t prefix = strlen(prefixes[i]);

		if (strncmp(prefixes[i], text, prefix) == 0) {
			size_t atom = longest(metric_atoms, COUNT(metric_atoms), text + prefix);

			best = atom > 0 && prefix + atom > best ? prefix + atom : best;
		}
	}
	return best;
}

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

static size_t annotation(const char *text)
{
	const char *end = text[0] == '{' ? strchr(text, '}') : NULL;

	return end == NULL ? 0 : (size_t)(end - text) + 1;
}

/* Length of one simple unit or number with its exponent and annotation; 0: it is none. */
static size_t simple_unit(const char *text)
{
	size_t metric = metric_unit(text);
	size_t other = longest(other_atoms, COUNT(other_atoms), text);
	size_t used = metric > other ? metric : other;

	if (used > 0) {
		size_t sign = text[used] == '+' || text[used] == '-';
		size_t exponent = digits(text + used + sign);

		if (sign > 0 && exponent == 0) {
			return 0;
		}
		used += sign + exponent;
	} else {
		used = digits(text);
	}
	return used + annotation(text + used);
}

/* Reads a term from *text on. False: there is none. */
static bool term(const char **text, unsigned int depth)
{
	if (**text == '/') {
		++*text;
	}
	for (;;) {
		if (**text == '(' && depth < DEPTH_MAX) {
			++*text;
			if (!term(text, depth + 1) || **text != ')') {
				return false;
			}
			++*text;
		} else {
			size_t used = simple_unit(*text);

			if (used == 0) {
				return false;
			}
			*text += used;
		}
		if (**text != '.' && **text != '/') {
			return true;
		}
		++*text;
	}
}

bool fast_ucum_valid(const char *text)
{
	return *text == '\0' || (term(&text, 0) && *text == '\0');
}
