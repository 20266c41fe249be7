// Boost.JSON's definitions, compiled once: Debian's headers need no library this way.
#include <boost/json/src.hpp>
