# cmake -DIN=<file> -DOUT=<file.c> -DNAME=<identifier> -P FastEmbed.cmake: the file as an array of C,
# with a zero byte behind it, and its length as <identifier>_bytes.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,){16})" "\\1\n" bytes "${bytes}")
get_filename_component(from ${IN} NAME)
file(WRITE ${OUT} "/* Made from ${from}. Do not edit. */
#include \"daemon/${NAME}.h\"

const unsigned char ${NAME}[] = {
${bytes} 0x00};
const size_t ${NAME}_bytes = sizeof ${NAME} - 1;
")
