// Results that may be errors. Foreign bytes (files, JSON, prompts) and wrong usage give an Error, never an abort;
// assertions are for our own mistakes. An Error's message is one line: which file, which field, what was found,
// what was allowed. The library neither prints nor exits.
#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace rung {

enum class ErrorKind {
  kInput,      ///< unusable input or usage; exit status 2
  kFailed,     ///< an operation failed: disk full, file not writable ...; exit status 1
  kCancelled,  ///< stopped by the user (Ctrl-C); exit status 130
};

struct Error {
  ErrorKind kind = ErrorKind::kFailed;
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

template <class... Args>
[[nodiscard]] tl::unexpected<Error> input_error(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>({ErrorKind::kInput, fmt::format(format, std::forward<Args>(args)...)});
}
template <class... Args>
[[nodiscard]] tl::unexpected<Error> failed_error(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>({ErrorKind::kFailed, fmt::format(format, std::forward<Args>(args)...)});
}
[[nodiscard]] inline tl::unexpected<Error> cancelled_error() {
  return tl::unexpected<Error>({ErrorKind::kCancelled, "stopped"});
}

}  // namespace rung

#define RUNG_CONCAT_INNER(a, b) a##b
#define RUNG_CONCAT(a, b) RUNG_CONCAT_INNER(a, b)

/// RUNG_TRY(auto x, f()): declares x from the value of f(), or returns f()'s error from the enclosing function.
#define RUNG_TRY(declaration, ...) RUNG_TRY_INNER(RUNG_CONCAT(rung_result_, __LINE__), declaration, __VA_ARGS__)
#define RUNG_TRY_INNER(result, declaration, ...)                 \
  auto result = (__VA_ARGS__);                                   \
  if (!result) return tl::unexpected(std::move(result.error())); \
  declaration = std::move(*result)

/// RUNG_CHECK(f()): returns the error of the Status f() from the enclosing function, if it is one.
#define RUNG_CHECK(...)                                                                                        \
  do {                                                                                                         \
    if (auto rung_status = (__VA_ARGS__); !rung_status) return tl::unexpected(std::move(rung_status.error())); \
  } while (false)
