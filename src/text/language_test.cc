#include "text/language.h"

#include <gtest/gtest.h>

namespace rung {
namespace {

/// Article 1 of the Universal Declaration of Human Rights (United Nations; public domain).
TEST(Language, KnowsTheDeclarationOfHumanRights) {
  const std::pair<const char*, const char*> texts[] = {
      {"en",
       "All human beings are born free and equal in dignity and rights. They are endowed with reason and "
       "conscience and should act towards one another in a spirit of brotherhood."},
      {"en", "ALL HUMAN BEINGS ARE BORN FREE AND EQUAL IN DIGNITY AND RIGHTS."},
      {"de",
       "Alle Menschen sind frei und gleich an W\xc3\xbcrde und Rechten geboren. Sie sind mit Vernunft und Gewissen "
       "begabt und sollen einander im Geiste der Br\xc3\xbc"
       "derlichkeit begegnen."},
      {"it",
       "Tutti gli esseri umani nascono liberi ed eguali in dignit\xc3\xa0 e diritti. Essi sono dotati di ragione e "
       "di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza."},
      {"sw",
       "Watu wote wamezaliwa huru, hadhi na haki zao ni sawa. Wote wamejaliwa akili na dhamiri, hivyo yapasa "
       "watendeane kindugu."},
      {"fi", "Kaikki ihmiset syntyv\xc3\xa4t vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan."}};
  for (const auto& [code, text] : texts) EXPECT_EQ(detect_language(text), code) << text;
}

TEST(Language, SaysWhenItCannotTell) {
  for (const char* text : {"", "123 456", "!?", "\xff\xfe"}) EXPECT_EQ(detect_language(text), "") << text;
}

}  // namespace
}  // namespace rung
