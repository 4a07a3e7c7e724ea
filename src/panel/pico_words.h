// The words of pico's tasks: all that it knows. Lists in the order of its generator.
#pragma once

#include <string_view>

namespace rung::pico {

inline constexpr std::string_view kNames[] = {
    "Ann",  "Bob",  "Carl", "Dora", "Emma", "Finn", "Gina", "Hugo", "Iris",  "Jack", "Kate", "Liam", "Mona", "Nora",
    "Otto", "Paul", "Rosa", "Sam",  "Tina", "Vera", "Will", "Zoe",  "Alan",  "Beth", "Cora", "Dean", "Ella", "Fred",
    "Gwen", "Hank", "Ivan", "June", "Kurt", "Lena", "Max",  "Nina", "Oscar", "Pam",  "Ruth", "Tom"};
inline constexpr std::string_view kCities[] = {"Rome",   "Paris",  "Oslo",   "Lima",   "Cairo",  "Tokyo",  "Delhi",
                                               "Quito",  "Bern",   "Riga",   "Milan",  "Porto",  "Lyon",   "Kyoto",
                                               "Accra",  "Tunis",  "Boston", "Dallas", "Denver", "Austin", "Berlin",
                                               "Madrid", "Vienna", "Prague", "Athens", "Dublin"};
inline constexpr std::string_view kObjects[] = {"key", "ball", "book",  "coin", "ring", "map",  "cup", "pen",
                                                "hat", "lamp", "phone", "card", "bell", "rope", "shoe"};
inline constexpr std::string_view kPlaces[] = {"box",     "bag",    "drawer", "basket", "chest", "closet", "garage",
                                               "kitchen", "garden", "attic",  "car",    "desk",  "shelf"};
inline constexpr std::string_view kFoods[] = {"bread",  "rice",  "soup", "pasta", "salad",  "cheese",
                                              "apples", "beans", "fish", "tea",   "coffee", "cake"};
inline constexpr std::string_view kColors[] = {"red",    "blue", "green", "black", "white",
                                               "yellow", "pink", "brown", "gray"};
inline constexpr std::string_view kJobs[] = {"teacher", "nurse",  "baker", "pilot", "farmer",
                                             "doctor",  "writer", "cook",  "clerk", "driver"};
inline constexpr std::string_view kCounted[] = {"coins", "cards", "books", "apples", "stamps", "cups"};
inline constexpr std::string_view kKinds[] = {"wug", "dax",  "blick", "fep",  "tove",
                                              "rab", "zill", "mub",   "gorp", "lorp"};
inline constexpr std::string_view kVariables[] = {"a", "b", "c", "m", "n", "p", "q", "x", "y", "z"};
inline constexpr std::string_view kDays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                             "Friday", "Saturday", "Sunday"};
inline constexpr std::string_view kRooms[] = {"kitchen", "bedroom", "bathroom", "office", "garage", "hall"};
inline constexpr std::string_view kSongs[] = {"Blue Moon", "Green Hills", "Night Train", "Slow River",
                                              "Red Sun",   "White Snow",  "Old Road",    "Last Dance"};
inline constexpr std::string_view kEvents[] = {"lunch",   "dinner",   "meeting", "yoga",
                                               "dentist", "football", "concert", "class"};
inline constexpr std::string_view kTopics[] = {"volcanoes", "trains",  "whales",  "robots",  "comets",
                                               "castles",   "spiders", "bridges", "pirates", "deserts"};
inline constexpr std::string_view kCurrencies[] = {"euro", "yen", "dollar", "peso", "franc"};

}  // namespace rung::pico
