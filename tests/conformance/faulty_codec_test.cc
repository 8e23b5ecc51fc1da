// With no mistake planted, the second codec meets every vector that it is asked: so what they
// demand can be met by code that has nothing in common with the library's.
#include "faulty_adapter.h"

static const auto codec = faulty::adapter_with(faulty::Fault::none);
WSPROTO_CONFORMANCE_TESTS(codec, VECTORS_DIR);
