// What a model is calibrated on: chunks of tokens, from plain text in llama.cpp's convention (cut into chunks of one
// length, BOS at the start of each) and from conversations through the model's own chat template, with its special
// tokens (each conversation begins a chunk; a longer one is cut, BOS at the start of every piece).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/model_text.h"

namespace rung {

struct CalibrationText {
  size_t context = 512;               ///< tokens of a chunk, at most
  std::vector<std::string> datasets;  ///< the files, as they were named
  std::vector<std::vector<Token>> chunks;

  size_t tokens() const;
};

/// Appends the chunks of a text file. An error if it is empty, not UTF-8, or shorter than one chunk.
Status add_text_file(const ModelText& model, const std::filesystem::path& path, bool parse_special,
                     CalibrationText& text);

/// Appends conversations: JSON Lines, each an object with `messages` ({role, content, ...}, not empty) and optionally
/// `tools` (as OpenAI writes them); other fields are ignored. One that ends with a user's turn gets the beginning of an
/// answer. Errors name file and line.
Status add_chat_file(const ModelText& model, const std::filesystem::path& path, CalibrationText& text);

}  // namespace rung
