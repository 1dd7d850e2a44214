/* Python linked with a sanitizer. A preloaded one would get into all that the tests start. */
#include "python.h"

int main(int argc, char **argv)
{
	return Py_BytesMain(argc, argv);
}
