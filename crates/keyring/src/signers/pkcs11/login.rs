//! Logging in without ever locking a token by surprise.

use cryptoki::error::{Error as Refused, RvError};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::TokenInfo;
use cryptoki::types::RawAuthPin;
use zeroize::Zeroizing;

use super::token::Token;
use super::{LastTry, Pkcs11Key};
use crate::{Error, Passphrase, Result};

/// What a token says about its PIN.
#[derive(Clone, Copy, Debug)]
struct PinState {
    is_set: bool,
    tries: Tries,
    /// On its own keypad, or a reader's.
    keypad: bool,
    shortest: usize,
    longest: usize,
}

/// How often the PIN may still be wrong (`CKF_USER_PIN_COUNT_LOW` and the like).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tries {
    All,
    Few,
    One,
    None,
}

impl PinState {
    fn of(info: &TokenInfo) -> Self {
        Self {
            is_set: info.user_pin_initialized(),
            tries: if info.user_pin_locked() {
                Tries::None
            } else if info.user_pin_final_try() {
                Tries::One
            } else if info.user_pin_count_low() {
                Tries::Few
            } else {
                Tries::All
            },
            keypad: info.protected_authentication_path(),
            shortest: info.min_pin_length(),
            longest: info.max_pin_length(),
        }
    }

    /// Why no PIN is tried, and what to do first.
    fn objection(self, last_try: LastTry, module: &str) -> Option<(String, String)> {
        if !self.is_set {
            return Some((
                "it has no user PIN yet".to_owned(),
                format!(
                    "set one with: pkcs11-tool --module {module} --login --login-type so --init-pin"
                ),
            ));
        }
        match (self.tries, last_try) {
            (Tries::None, _) => Some((
                "its PIN is locked after too many wrong ones".to_owned(),
                format!(
                    "unlock it with the security officer's PIN: pkcs11-tool --module {module} \
                     --login --login-type so --init-pin"
                ),
            )),
            (Tries::One, LastTry::Keep) => Some((
                "one more wrong PIN locks it, and the last try is not spent unasked".to_owned(),
                "check the PIN, then add --last-pin-try".to_owned(),
            )),
            _ => None,
        }
    }

    /// Why a PIN cannot be right, found before it costs a try.
    fn misfit(self, pin: &[u8]) -> Option<String> {
        let fits = pin.len() >= self.shortest && (self.longest == 0 || pin.len() <= self.longest);
        (!fits).then(|| {
            format!(
                "the PIN has not the {} to {} characters that its PINs have; it was not tried",
                self.shortest, self.longest
            )
        })
    }

    /// What a wrong PIN has done.
    fn after_a_wrong_pin(self) -> &'static str {
        match self.tries {
            Tries::All => "the PIN is wrong",
            Tries::Few => "the PIN is wrong, and few tries are left",
            Tries::One => "the PIN is wrong, and one try is left before it locks",
            Tries::None => "the PIN is wrong, and it is locked now",
        }
    }
}

/// Logs in where the token wants it and nobody did yet in this process. Gives the PIN back,
/// if one was used, for keys that want it again.
pub(super) fn log_in(
    token: &Token,
    session: &Session,
    key: &Pkcs11Key,
    passphrase: Option<&Passphrase>,
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let info = token.info()?;
    if !info.login_required() {
        return Ok(None);
    }
    let known = session
        .get_session_info()
        .map_err(|error| token.refused(&error, "logging in"))?;
    let is_in = matches!(
        known.session_state(),
        SessionState::RoUser | SessionState::RwUser
    );
    let state = PinState::of(&info);
    if !is_in && let Some((reason, hint)) = state.objection(key.last_try, &token.module()) {
        return Err(token.trouble(reason, Some(hint)));
    }
    let pin = match (&key.pin_source, passphrase) {
        (Some(path), _) => Some(Passphrase::File(path.clone()).read()?),
        (None, Some(_)) if state.keypad => None,
        (None, passphrase) => passphrase
            .map(|source| source.read_of(&token.name()))
            .transpose()?,
    };
    if is_in {
        return Ok(pin);
    }
    match &pin {
        Some(words) => {
            if let Some(reason) = state.misfit(words) {
                return Err(token.trouble(reason, None));
            }
        }
        None if state.keypad => {}
        None => {
            return Err(token.trouble(
                "it wants a PIN and none is given",
                Some(
                    "give it with --passphrase-file, --passphrase-fd, --passphrase-credential or \
                     ?pin-source=file:/path at the end of the URI"
                        .to_owned(),
                ),
            ));
        }
    }
    match enter(session, UserType::User, pin.as_ref()) {
        Ok(()) | Err(Refused::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(pin),
        Err(error) => Err(wrong(token, &error)),
    }
}

/// Enters a PIN, on the keypad where there is none.
pub(super) fn enter(
    session: &Session,
    user: UserType,
    pin: Option<&Zeroizing<Vec<u8>>>,
) -> Result<(), Refused> {
    match pin {
        // Wiped when it is dropped, as ours.
        Some(pin) => {
            session.login_with_raw(user, &RawAuthPin::new(Box::new(pin.as_slice().to_vec())))
        }
        None => session.login(user, None),
    }
}

/// Why a PIN was not taken.
pub(super) fn wrong(token: &Token, error: &Refused) -> Error {
    let Refused::Pkcs11(code, _) = error else {
        return token.refused(error, "logging in");
    };
    match code {
        RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => {
            // The flags after the failed try are what counts.
            let reason = match token.info() {
                Ok(info) => PinState::of(&info).after_a_wrong_pin(),
                Err(_) => "the PIN is wrong",
            };
            token.trouble(
                reason,
                Some("correct it before the next run: every wrong one costs a try".to_owned()),
            )
        }
        RvError::PinLocked => token.trouble(
            "its PIN is locked after too many wrong ones",
            Some(format!(
                "unlock it with the security officer's PIN: pkcs11-tool --module {} --login \
                 --login-type so --init-pin",
                token.module()
            )),
        ),
        RvError::PinExpired => token.trouble(
            "its PIN has expired",
            Some(format!(
                "change it with: pkcs11-tool --module {} --change-pin",
                token.module()
            )),
        ),
        RvError::FunctionCanceled => token.trouble("nobody entered the PIN on its keypad", None),
        _ => token.refused(error, "logging in"),
    }
}
