# Run by rung_embed: writes INPUT as a C++ source, OUTPUT, whose function SYMBOL returns its bytes.
# Every byte is escaped, so text, quotes and binary data need no cases of their own.
file(READ ${INPUT} hex HEX)
string(REPEAT "." 120 line)
string(REGEX REPLACE "(${line})" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${hex}")
string(REPLACE "\n" "\"\n    \"" bytes "${bytes}")
file(WRITE ${OUTPUT}
"// Made from ${INPUT} by cmake/embed_file.cmake.
#include <string_view>

namespace rung {

std::string_view ${SYMBOL}();

std::string_view ${SYMBOL}() {
  static constexpr char kBytes[] =
    \"${bytes}\";
  return {kBytes, sizeof(kBytes) - 1};
}

}  // namespace rung
")
