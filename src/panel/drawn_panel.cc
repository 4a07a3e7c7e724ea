#include "panel/drawn_panel.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/hash.h"
#include "panel/pico_tasks.h"

namespace rung {
namespace {

/// A seed for each stream of random numbers.
uint64_t stream_seed(const DrawOptions& options, std::string_view capability) {
  const std::string digits = content_hash(fmt::format("{} {} {}", options.seed, options.purpose, capability));
  return std::stoull(digits.substr(0, 16), nullptr, 16);
}

std::string asked(const PanelItem& item) {
  std::string text = item.messages->dump();
  for (const PanelItem::Json& part : {item.tools, item.choices})
    if (part) text += part->dump();
  return content_hash(text);
}

/// Draws until there are enough different items, or one is hard to find.
Capability draw_different(std::string_view name, const DrawOptions& options,
                          const std::function<PanelItem(Draw&, size_t index)>& draw_one) {
  constexpr size_t kTries = 200;
  Draw draw(stream_seed(options, name));
  Capability capability{std::string(name), {}};
  std::set<std::string> seen;
  for (size_t tries = 0; capability.items.size() < options.items && tries < kTries; ++tries) {
    PanelItem item = draw_one(draw, capability.items.size());
    if (!seen.insert(asked(item)).second) continue;
    item.id = fmt::format("{}-{}-{:04}", name, options.seed, capability.items.size());
    capability.items.push_back(std::move(item));
    tries = 0;
  }
  return capability;
}

}  // namespace

Capability draw_capability(const Generator& generator, const DrawOptions& options,
                           const std::function<size_t(size_t index)>& level_of) {
  return draw_different(generator.capability, options,
                        [&](Draw& draw, size_t index) { return generator.draw(draw, level_of(index)); });
}

size_t level_in_turn(size_t index) { return 1 + index % kLevels; }

std::vector<Capability> draw_pico_panel(const DrawOptions& options) {
  std::vector<Capability> panel;
  for (const std::string_view name : pico_capabilities())
    panel.push_back(draw_different(name, options, [name](Draw& draw, size_t) { return draw_pico_item(name, draw); }));
  return panel;
}

}  // namespace rung
