/* What every public header needs: the export macro. No other header of the library comes before it.
 */
#ifndef WSPROTO_API_H
#define WSPROTO_API_H

#if defined(_WIN32)
#define WSP_API
#elif defined(__GNUC__)
#define WSP_API __attribute__((visibility("default")))
#else
#define WSP_API
#endif

#endif
