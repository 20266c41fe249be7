#include "daemon/node/journal.h"

#include <catch2/catch.hpp>

namespace tram::node {

namespace {

store::Change some_change(BundleKey key) {
    return store::change::EraseBundle{key};
}

}  // namespace

TEST_CASE("a promise is kept only with the batch it was made in", "[node]") {
    Journal journal;
    journal.add(some_change(1));
    journal.when_durable(promise::Ready{1});
    const auto first = journal.seal();
    REQUIRE(first);
    journal.add(some_change(2));
    journal.when_durable(promise::Ready{2});
    const auto second = journal.seal();
    REQUIRE(second);
    CHECK(second->ticket == first->ticket + 1);

    const auto kept = journal.settle(first->ticket);
    REQUIRE(kept.size() == 1);
    CHECK(std::get<promise::Ready>(kept.front()).key == 1);
    CHECK(journal.settle(second->ticket).size() == 1);
}

TEST_CASE("a promise without a change waits for what came before it", "[node]") {
    Journal journal;
    journal.add(some_change(1));
    const auto first = journal.seal();
    REQUIRE(first);
    journal.when_durable(promise::Ready{9});
    CHECK_FALSE(journal.seal());
    CHECK(journal.settle(0).empty());
    CHECK(journal.settle(first->ticket).size() == 1);
}

TEST_CASE("a promise with nothing before it rides on an empty batch", "[node]") {
    Journal journal;
    CHECK_FALSE(journal.seal());
    journal.when_durable(promise::Ready{9});
    const auto persist = journal.seal();
    REQUIRE(persist);
    CHECK(persist->batch.empty());
    CHECK(journal.settle(persist->ticket).size() == 1);
}

}  // namespace tram::node
