//! What a token says when it does not do what it is asked, in words that help.

use cryptoki::error::{Error as Refused, RvError};

/// Why `doing` did not work, and what to do about it.
pub(super) fn of(error: &Refused, doing: &str, module: &str) -> (String, Option<String>) {
    let Refused::Pkcs11(code, _) = error else {
        return (format!("{doing}: {error}"), None);
    };
    match code {
        RvError::DeviceRemoved
        | RvError::TokenNotPresent
        | RvError::SlotIdInvalid
        | RvError::SessionHandleInvalid
        | RvError::SessionClosed => (
            format!("{doing}: the token was taken out, or reset"),
            Some(format!(
                "put it back, see that `pkcs11-tool --module {module} --list-token-slots` shows \
                 it, and run the same command again: what was not signed is as it was"
            )),
        ),
        RvError::UserNotLoggedIn => (
            format!("{doing}: the token wants a PIN"),
            Some("give the PIN with --passphrase-file".to_owned()),
        ),
        RvError::KeyFunctionNotPermitted => (
            format!("{doing}: the key may not sign (CKA_SIGN is false)"),
            Some("make the key anew with CKA_SIGN, or name another".to_owned()),
        ),
        RvError::MechanismInvalid | RvError::CurveNotSupported => (
            format!("{doing}: the token does not sign digests with keys of this kind"),
            Some(format!(
                "see what it does with: pkcs11-tool --module {module} --list-mechanisms"
            )),
        ),
        RvError::SessionCount => (
            format!("{doing}: the token has no session left"),
            Some("end the other programs that use it".to_owned()),
        ),
        RvError::DeviceError | RvError::DeviceMemory | RvError::GeneralError => (
            format!("{doing}: the token failed ({code})"),
            Some(format!(
                "see whether it answers at all: pkcs11-tool --module {module} --test"
            )),
        ),
        other => (format!("{doing}: {other}"), None),
    }
}

#[cfg(test)]
mod tests {
    use cryptoki::context::Function;
    use cryptoki::error::{Error as Refused, RvError};

    use super::of;

    fn said(code: RvError) -> (String, Option<String>) {
        of(
            &Refused::Pkcs11(code, Function::Sign),
            "signing",
            "/usr/lib/m.so",
        )
    }

    #[test]
    fn each_trouble_has_its_words_and_a_step() {
        for (code, reason, step) in [
            (RvError::DeviceRemoved, "taken out", "--list-token-slots"),
            (RvError::TokenNotPresent, "taken out", "run the same"),
            (RvError::SessionHandleInvalid, "reset", "put it back"),
            (RvError::UserNotLoggedIn, "wants a PIN", "--passphrase-file"),
            (RvError::KeyFunctionNotPermitted, "CKA_SIGN", "name another"),
            (RvError::MechanismInvalid, "kind", "--list-mechanisms"),
            (RvError::SessionCount, "no session", "other programs"),
            (RvError::DeviceError, "failed", "/usr/lib/m.so --test"),
        ] {
            let (words, hint) = said(code);
            assert!(words.contains(reason), "{words}");
            assert!(words.starts_with("signing: "), "{words}");
            assert!(hint.unwrap().contains(step));
        }
        assert_eq!(said(RvError::DataLenRange).1, None);
    }
}
