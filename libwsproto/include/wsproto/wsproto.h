/*
 * libwsproto: the WebSocket protocol (RFC 6455) without any I/O, clock, randomness or allocation.
 * This header brings in all the others, each of which includes only what stands before it.
 */
#ifndef WSPROTO_WSPROTO_H
#define WSPROTO_WSPROTO_H

/* In the order of the layers. */
/* clang-format off */
#include "wsproto/api.h"
#include "wsproto/error.h"
#include "wsproto/violation.h"
#include "wsproto/frame.h"
#include "wsproto/mask.h"
#include "wsproto/utf8.h"
#include "wsproto/close.h"
#include "wsproto/reader.h"
#include "wsproto/message.h"
#include "wsproto/conn.h"
#include "wsproto/http.h"
#include "wsproto/extension.h"
#include "wsproto/handshake.h"
#ifdef __has_include
#if __has_include("wsproto/deflate.h") /* it comes with a library that was built with zlib */
#include "wsproto/deflate.h"
#endif
#endif
/* clang-format on */

#endif
