#include "base/atomic_file.h"

namespace rung {

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& path) {
  RUNG_TRY(PartialFile file, PartialFile::open(path, false));
  return AtomicFile(std::move(file));
}

Status AtomicFile::write(std::span<const uint8_t> bytes) {
  RUNG_CHECK(file_.write_at(position_, bytes));
  position_ += bytes.size();
  return {};
}

Status AtomicFile::write(std::string_view text) {
  return write(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Status write_file(const std::filesystem::path& path, std::string_view text) {
  RUNG_TRY(AtomicFile file, AtomicFile::create(path));
  RUNG_CHECK(file.write(text));
  return file.commit();
}

}  // namespace rung
