// Packs bytes as gzip and zstd do, as far as wsdump is built to unpack them.
#pragma once

#include "packets.h"

#ifdef WSDUMP_GZIP
#include <zlib.h>
#endif
#ifdef WSDUMP_ZSTD
#include <zstd.h>
#endif

struct Packing {
    const char *name;
    build::Bytes (*pack)(const build::Bytes &);
};

#ifdef WSDUMP_GZIP
inline build::Bytes gzip(const build::Bytes &bytes)
{
    z_stream z = {};
    deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY);
    build::Bytes out(deflateBound(&z, static_cast<uLong>(bytes.size())) + 64);
    z.next_in = const_cast<Bytef *>(bytes.data());
    z.avail_in = static_cast<uInt>(bytes.size());
    z.next_out = out.data();
    z.avail_out = static_cast<uInt>(out.size());
    deflate(&z, Z_FINISH);
    out.resize(z.total_out);
    deflateEnd(&z);
    return out;
}
#endif

#ifdef WSDUMP_ZSTD
// With a checksum, as the program writes it.
inline build::Bytes zstd(const build::Bytes &bytes)
{
    build::Bytes out(ZSTD_compressBound(bytes.size()));
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    out.resize(ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size()));
    ZSTD_freeCCtx(context);
    return out;
}
#endif

inline std::vector<Packing> packings()
{
    std::vector<Packing> all;
#ifdef WSDUMP_GZIP
    all.push_back({"gzip", gzip});
#endif
#ifdef WSDUMP_ZSTD
    all.push_back({"zstd", zstd});
#endif
    return all;
}
