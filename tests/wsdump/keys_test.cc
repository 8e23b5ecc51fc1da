// The keys of the interface: their tables against each other and against the man page.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

extern "C" {
#include "detail.h"
#include "screens.h"
}

namespace
{

class Keys : public ::testing::Test
{
protected:
    Keys()
    {
        const endpoint e = {4, {127, 0, 0, 1}, 80};
        record r = {};
        r.type = RECORD_OPEN;
        r.conn = 1;
        r.open = {&e, &e, HANDSHAKE_MISSING, nullptr, nullptr};
        store_take(store_, &r);
        store_publish(store_);
        ui_.store = store_;
        ui_.options = &options_;
        ui_.view = store_look(store_);
        for (screen *s :
             {connections_new(&ui_), messages_new(&ui_, 1), detail_screen_new(&ui_, 0),
              ladder_new(&ui_, 1), statistics_new(1), handshake_new(1), findings_new(&ui_)})
            screens_.push_back(s);
        screens_.push_back(help_new(screens_[0]));
    }
    ~Keys() override
    {
        for (screen *s : screens_)
            s->kind->free(s);
        store_release(&ui_.view);
        store_free(store_);
    }
    static std::vector<const action *> actions_of(const screen *s)
    {
        std::vector<const action *> all;
        const action *a;
        for (size_t at = 0; (a = ui_next_action(s, &at));)
            all.push_back(a);
        return all;
    }
    static std::vector<std::string> names_of(const action *a)
    {
        std::vector<std::string> names;
        for (int i = 0; i < ACTION_KEYS && a->keys[i]; i++) {
            char name[16];
            term_key_name(a->keys[i], name);
            names.emplace_back(name);
        }
        return names;
    }

    store *store_ = store_new(nullptr);
    interface_options options_ = {};
    ui ui_ = {};
    std::vector<screen *> screens_;
};

TEST_F(Keys, MeanOneThingOnEveryScreen)
{
    for (const screen *s : screens_) {
        std::map<int, std::string> seen;
        for (const action *a : actions_of(s)) {
            ASSERT_NE(a->keys[0], 0) << a->help;
            for (int i = 0; i < ACTION_KEYS && a->keys[i]; i++) {
                auto [known, is_new] = seen.emplace(a->keys[i], a->help);
                EXPECT_TRUE(is_new) << s->kind->name << ": " << known->second << " / " << a->help;
            }
        }
    }
}

TEST_F(Keys, HaveALetterWhereTheyHaveAFunctionKey)
{
    for (const screen *s : screens_)
        for (const action *a : actions_of(s)) {
            const bool function = a->keys[0] >= TERM_F1;
            EXPECT_TRUE(!function || (a->keys[1] != 0 && a->keys[1] < 128)) << a->help;
        }
}

// The words of the man page's section, without fonts and commas.
std::set<std::string> words_of_manual()
{
    std::ifstream manual(MANUAL);
    const std::string page{std::istreambuf_iterator<char>(manual), {}};
    const size_t begin = page.find(".SH SCREENS"), end = page.find(".SH TEXT");
    std::set<std::string> words;
    std::string word;
    for (size_t i = begin; i < end; i++) {
        if (isspace(static_cast<unsigned char>(page[i])) || page[i] == '"') {
            words.insert(word);
            word.clear();
        } else if (page.compare(i, 2, "\\e") == 0) {
            word += '\\';
            i++;
        } else {
            word += page[i];
        }
    }
    return words;
}

TEST_F(Keys, AreInTheManual)
{
    const std::set<std::string> words = words_of_manual();
    size_t checked = 0;
    for (const screen *s : screens_) {
        EXPECT_EQ(words.count(s->kind->name), 1U) << s->kind->name;
        for (const action *a : actions_of(s))
            for (const std::string &name : names_of(a)) {
                EXPECT_EQ(words.count(name), 1U) << s->kind->name << ": " << name << " " << a->help;
                checked++;
            }
    }
    EXPECT_GT(checked, 200U);
}

} // namespace
