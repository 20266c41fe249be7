// The bundles and keys of RFC 9173 appendix A, and small helpers around them.
#pragma once

#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/bpsec/rfc9173.h"
#include "proto/bpv7/bundle.h"

namespace tram::rfc9173 {

/// The bytes of a hexadecimal literal; the test fails when it is not one.
Buffer hex(std::string_view digits);
/// A bundle off the wire; the test fails when it does not decode.
bpv7::Bundle bundle_of(std::string_view digits);
std::string wire_of(const bpv7::Bundle& bundle);
ErrorCode code_of(const Result<void>& result);

/// A.1.1.3 and A.2.1: primary block and payload.
inline constexpr std::string_view kPlain =
    "9f"
    "88070000820282010282028202018202820201820018281a000f4240"
    "85010100005823526561647920746f2067656e657261746520612033322d62797465207061796c6f6164"
    "ff";
/// A.3.1.4: with a bundle age block.
inline constexpr std::string_view kPlainWithAge =
    "9f"
    "88070000820282010282028202018202820201820018281a000f4240"
    "85070200004319012c"
    "85010100005823526561647920746f2067656e657261746520612033322d62797465207061796c6f6164"
    "ff";
/// A.1.4: BIB over the payload.
inline constexpr std::string_view kSigned =
    "9f"
    "88070000820282010282028202018202820201820018281a000f4240"
    "850b0200005856810101018202820201828201078203008181820158403bdc69b3a34a2b5d3a8554368bd1e808f606219d2a10a8"
    "46eae3886ae4ecc83c4ee550fdfb1cc636b904e2f1a73e303dcd4b6ccece003e95e8164dcc89a156e1"
    "85010100005823526561647920746f2067656e657261746520612033322d62797465207061796c6f6164"
    "ff";
/// A.2.4: BCB over the payload, with a wrapped key.
inline constexpr std::string_view kEncrypted =
    "9f"
    "88070000820282010282028202018202820201820018281a000f4240"
    "850c02010058508101020182028202018482014c5477656c7665313231323132820201820358"
    "1869c411276fecddc4780df42c8a2af89296fabf34d7fae7008204008181820150efa4b5ac0108e3816c5606479801bc04"
    "850101000058233a09c1e63fe23a7f66a59c7303837241e070b02619fc59c5214a22f08cd70795e73e9a"
    "ff";
/// A.3.5: BIB over the primary and the age block, BCB over the payload.
inline constexpr std::string_view kSignedAndEncrypted =
    "9f"
    "88070000820282010282028202018202820201820018281a000f4240"
    "850b030000585c8200020101820282030082820105820300828182015820cac6ce8e4c5dae57988b757e49a6dd1431dc04763541"
    "b2845098265bc817241b81820158203ed614c0d97f49b3633627779aa18a338d212bf3c92b97759d9739cd50725596"
    "850c04010058348101020182028202018382014c5477656c766531323132313282020182040081818201"
    "50efa4b5ac0108e3816c5606479801bc04"
    "85070200004319012c"
    "850101000058233a09c1e63fe23a7f66a59c7303837241e070b02619fc59c5214a22f08cd70795e73e9a"
    "ff";
/// A.4.5: BIB over the payload, BCB over both, everything in scope.
inline constexpr std::string_view kEncryptedSignature =
    "9f"
    "88070000820282010282028202018202820201820018281a000f4240"
    "850b0300005846438ed6208eb1c1ffb94d952175167df0902902064a2983910c4fb2340790bf420a7d1921d5bf7c4721e02ab87a"
    "93ab1e0b75cf62e4948727c8b5dae46ed2af05439b88029191"
    "850c0201005849820301020182028202018382014c5477656c76653132313231328202038204078281820150220ffc45c8a90199"
    "9ecc60991dd78b2981820150d2c51cb2481792dae8b21d848cede99b"
    "8501010000582390eab6457593379298a8724e16e61f837488e127212b59ac91f8a86287b7d07630a122"
    "ff";

// The keys of the appendix; those for encryption are texts.
Buffer hmac_key();      ///< A.1.3.1, A.3.3.1, A.4.3.1
Buffer aes128_key();    ///< A.2.3.1, A.3.3.2
Buffer aes256_key();    ///< A.4.3.2
Buffer wrapping_key();  ///< A.2.3.1
Bytes iv();

}  // namespace tram::rfc9173
