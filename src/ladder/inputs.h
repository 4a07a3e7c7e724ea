// What ladders and comparisons are run on: the model, the texts, the panel, the importance matrix, found by rule where
// not named, opened and checked before any long work starts.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "io/gram.h"
#include "io/imatrix.h"
#include "measure/panel.h"
#include "measure/perplexity.h"
#include "panel/level_tuning.h"

namespace rung {

/// What models are measured with; empty where not named.
struct MeasuringMaterial {
  std::vector<std::filesystem::path> texts;  ///< empty: prose.txt beside the model, else the shipped one
  std::filesystem::path panel;  ///< folder, or a drawn one's name (panel_spec.h); empty: panel/ beside the model, else
                                ///< the shipped one
  std::filesystem::path facts;  ///< for the built-in panel; empty: the shipped ones
  std::vector<std::string> tasks;  ///< NAME=FILE (tasks/tasks.h); with them only a panel that was named is asked too
  std::filesystem::path imatrix;   ///< empty: imatrix.gguf beside the model, else from gram, else weights-only
  std::filesystem::path gram;      ///< second moments for names with +gptq; empty: none may be asked for
  size_t context = 512;
  size_t tokens = 0;  ///< of each text; 0: all
  size_t items = 0;   ///< of each capability; 0: all
  KvOptions kv;       ///< of what is measured; the reference has reference_kv(kv)
};

struct LadderText {
  std::string file, hash;
  size_t tokens = 0;
  TextChunks chunks;
};

/// How hard the built-in panel asks for a capability, and what the reference made of it.
struct PanelLevels {
  std::string capability;
  TunedLevels levels;
};

struct LadderInputs {
  std::shared_ptr<const FileSource> source;
  std::shared_ptr<const Engine> engine;  ///< the reference
  std::optional<ModelText> text;
  std::string model_hash;
  std::vector<LadderText> texts;
  TextChunks chunks;  ///< of all texts, one after the other
  std::vector<Capability> panel;
  std::vector<AskedCapability> asked;  ///< refers to panel
  std::vector<PanelLevels> tuned;      ///< of the built-in panel; else empty
  std::string panel_hash;
  std::optional<Imatrix> imatrix;
  std::string imatrix_hash;
  std::optional<GramFile> grams;
  KvOptions kv;  ///< of what is measured
  std::vector<std::string> notes;

  SessionOptions session(bool reference) const {
    SessionOptions options;
    options.kv = reference ? reference_kv(kv) : kv;
    return options;
  }
  GenerateOptions answers(bool reference) const {
    GenerateOptions options;
    options.session = session(reference);
    return options;
  }
};

/// NAME beside the model, else the shipped one.
std::filesystem::path find_beside(const std::filesystem::path& model, const char* name);

/// Fills `inputs` in place, because parts of it refer to each other; all but the model's hash and the built-in panel
/// (tune_panel() in panel_inputs.h).
Status open_inputs(const std::filesystem::path& model, const MeasuringMaterial& material, LadderInputs& inputs);

/// Reads the whole model once: a hash of its metadata and, of every tensor, name, type, shape and data.
Result<std::string> hash_model(const GgufFile& file, Observer& observer);
Status identify_model(LadderInputs& inputs, Observer& observer);

/// The "model" and "settings" of ladder.json.
nlohmann::ordered_json describe_inputs(const std::filesystem::path& model, const LadderInputs& inputs);

}  // namespace rung
