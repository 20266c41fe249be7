// Messages and receipts as open data, with the keys of the project's sample file: what programs exchange as
// JSON, one object for each. Turning a pb::Value into JSON text and back is left to whoever has a JSON
// library.
//
//   request  kind local_no proc proc_name channel to from_village assisted_by lang priority created
//            subject form att consent note · purpose part answers{epoch seq} dossier
//   update   kind(progress supplement result delay) form local_no dossier state reason need
//            respond_by reply_to title file{type bytes} hand_over need_presence · from epoch seq due
//            issued att
//   notice   kind doc_no doc_type from_ priority secrecy title body audience valid_until audio[{lang bytes}]
//            loudspeaker require_ack supersedes · year supersedes_year lang texts[{lang title body}] edition
//            lifetime_s recall marks issued att
//   receipt  kind type text_vi local_no dossier state holder at attachments_complete form accepted_at
//            due office ref village langs times witness signature · message_id message_digest source
//            signature_sha256
//
// Keys behind the dot are left out when they are empty. A refusal is a "result" with form "Mẫu 03". An
// attachment is {name bytes type sha256}. Fields that this program does not know are not shown.
#pragma once

#include "proto/base/error.h"
#include "proto/tram/admin.pb.h"

namespace tram::admin {

/// All fields that are known.
pb::Value value_of(const pb::Message& message);
pb::Value value_of(const pb::Receipt& receipt);

/// Reads a request, update or notice. Keys may be missing (check() tells what must be there); an unknown key,
/// or a value of another type, is an error. The result is not normalised yet. Errors: invalid_argument with
/// the key.
Result<pb::Message> message_from_value(const pb::Value& value);
/// Reads a receipt that may still lack what only its maker knows (message id, digest, holder). A text_vi
/// other than the title of its type is refused. Errors: invalid_argument with the key.
Result<pb::Receipt> receipt_from_value(const pb::Value& value);

}  // namespace tram::admin
