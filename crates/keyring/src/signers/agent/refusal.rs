//! What the agent's errors mean, and what helps.

use pkgseal_openpgp::Fingerprint;

use crate::signers::assuan::Failure;
use crate::signers::{KeySource, SignerError};

/// Errors of the system come with this bit.
const SYSTEM: u16 = 0x8000;
const BAD_PASSPHRASE: u16 = 11;
const NO_SECRET_KEY: u16 = 17;
const UNUSABLE_SECRET_KEY: u16 = 54;
const TIMEOUT: u16 = 62;
const NO_PINENTRY: u16 = 85;
const PINENTRY: u16 = 86;
const BAD_PIN: u16 = 87;
const WRONG_CARD: u16 = 91;
const CANCELLED: u16 = 99;
const CARD: u16 = 108;
const CARD_REMOVED: u16 = 110;
const CARD_ABSENT: u16 = 112;
const NO_SCDAEMON: u16 = 119;
const SCDAEMON: u16 = 120;
const PIN_BLOCKED: u16 = 130;
const NO_PASSPHRASE: u16 = 177;
const FULLY_CANCELLED: u16 = 198;
const FORBIDDEN: u16 = 251;
const CANCELLED_BY_US: u16 = 277;
const NO_DEVICE: u16 = SYSTEM | 80;
const NO_MEMORY: u16 = SYSTEM | 86;
const NO_TERMINAL: u16 = SYSTEM | 102;

/// What helps when the agent is gone.
pub(super) const AGAIN: &str =
    "start it and run the same command again: gpgconf --launch gpg-agent";

/// Who is asked for the passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// The agent asks through its own pinentry.
    Pinentry,
    /// It asks us, who have a source for it.
    Us,
}

/// The agent has none of the keys.
pub(super) fn absent(source: &KeySource, keys: &str) -> SignerError {
    SignerError::new(
        source,
        format!("gpg-agent has no secret part of what could sign: {keys}"),
    )
    .hint("see which keys it has: gpg --list-secret-keys; of a card: gpg --card-status")
}

pub(super) fn is_out_of_memory(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Refused {
            code: NO_MEMORY,
            ..
        }
    )
}

/// The agent did not sign.
pub(super) fn explain(
    source: &KeySource,
    failure: &Failure,
    asking: Asking,
    key: &Fingerprint,
) -> SignerError {
    let (code, text) = match failure {
        Failure::Refused { code, text } => (*code, text),
        Failure::Ended => {
            return SignerError::new(source, "gpg-agent ended, or closed the connection")
                .hint(AGAIN);
        }
        Failure::Silent => {
            return SignerError::new(source, "gpg-agent does not answer any more")
                .hint("end it and run the same command again: gpgconf --kill gpg-agent");
        }
        other @ (Failure::Io(_) | Failure::Protocol(_)) => {
            return SignerError::new(source, format!("talking to gpg-agent failed: {other}"))
                .hint("end it and run the same command again: gpgconf --kill gpg-agent");
        }
    };
    let (reason, hint) = meaning(code, asking);
    let said = match reason {
        "" => format!("gpg-agent did not sign: {text}"),
        reason => format!("{reason} ({text})"),
    };
    let error = SignerError::new(source, said);
    match hint {
        "" => error.hint(format!(
            "see whether gpg can sign with it: gpg --local-user {key}! --detach-sign --output /dev/null /dev/null"
        )),
        hint => error.hint(hint),
    }
}

fn meaning(code: u16, asking: Asking) -> (&'static str, &'static str) {
    match code {
        BAD_PASSPHRASE => (
            "the passphrase is wrong",
            match asking {
                Asking::Us => {
                    "see what the passphrase option reads; gpg asks for the same passphrase"
                }
                Asking::Pinentry => "run the same command again",
            },
        ),
        BAD_PIN => (
            "the card's PIN is wrong",
            "see how many tries are left before the next one: gpg --card-status",
        ),
        PIN_BLOCKED => (
            "the card's PIN is blocked",
            "unblock it with the reset code or admin PIN: gpg --change-pin",
        ),
        NO_PINENTRY | PINENTRY | NO_TERMINAL | TIMEOUT => (
            "the key is locked or its card not there, and the agent could ask nobody",
            "give the passphrase with --passphrase-file FILE, or tell the agent its terminal: \
             export GPG_TTY=$(tty); of a card: gpg --card-status",
        ),
        NO_PASSPHRASE => (
            "the key is locked, and there is no passphrase for it",
            "give it with --passphrase-file FILE",
        ),
        CANCELLED | FULLY_CANCELLED | CANCELLED_BY_US => {
            ("it was cancelled", "run the same command again")
        }
        CARD | CARD_REMOVED | CARD_ABSENT | WRONG_CARD | NO_DEVICE => (
            "the card with this key is not there",
            "insert it and see whether it is read: gpg --card-status",
        ),
        NO_SCDAEMON | SCDAEMON => (
            "the agent cannot reach cards: scdaemon does not run",
            "install scdaemon, for example: apt install scdaemon",
        ),
        NO_SECRET_KEY | UNUSABLE_SECRET_KEY => (
            "the agent has not got the key any more, or cannot use it",
            "see which keys it has: gpg --list-secret-keys; of a card: gpg --card-status",
        ),
        FORBIDDEN => (
            "the agent does not let us sign, perhaps because it is forwarded",
            "see what it allows: gpg-connect-agent 'getinfo version' /bye",
        ),
        NO_MEMORY => (
            "the agent has not enough locked memory",
            "give it more: echo auto-expand-secmem >> ~/.gnupg/gpg-agent.conf && \
             gpgconf --kill gpg-agent",
        ),
        _ => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_says_what_and_what_helps() {
        let fingerprint = Fingerprint::parse("D8692123C4065DEA5E0F3AB5249B39D24F25E3B6").unwrap();
        let source = KeySource::GpgAgent(fingerprint.clone());
        let refused = |code| Failure::Refused {
            code,
            text: "words".to_owned(),
        };
        for (failure, reason, hint) in [
            (refused(BAD_PASSPHRASE), "passphrase is wrong", "again"),
            (refused(BAD_PIN), "PIN is wrong", "--card-status"),
            (refused(PIN_BLOCKED), "blocked", "--change-pin"),
            (refused(NO_PINENTRY), "locked", "GPG_TTY"),
            (refused(NO_TERMINAL), "locked", "GPG_TTY"),
            (refused(NO_PASSPHRASE), "locked", "--passphrase-file"),
            (refused(CANCELLED), "cancelled", "again"),
            (refused(CARD_ABSENT), "not there", "--card-status"),
            (refused(NO_SCDAEMON), "scdaemon", "apt install"),
            (
                refused(NO_SECRET_KEY),
                "not got the key",
                "--list-secret-keys",
            ),
            (refused(FORBIDDEN), "forwarded", "gpg-connect-agent"),
            (refused(NO_MEMORY), "memory", "auto-expand-secmem"),
            (refused(12345), "words", "gpg --local-user D869"),
            (Failure::Ended, "ended", "gpgconf --launch"),
            (Failure::Silent, "does not answer", "gpgconf --kill"),
            (Failure::Protocol("x"), "failed", "gpgconf --kill"),
        ] {
            let error = explain(&source, &failure, Asking::Pinentry, &fingerprint);
            let text = error.to_string();
            assert!(
                text.starts_with("gpg-agent:D869") && text.contains(reason),
                "{text}"
            );
            assert!(
                error.step().unwrap().contains(hint),
                "{text}: {:?}",
                error.step()
            );
        }
    }
}
