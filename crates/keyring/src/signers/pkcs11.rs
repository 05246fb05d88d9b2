//! Keys on a PKCS#11 token: a hardware security module, a smart card, SoftHSM, the module
//! of a cloud service.
//!
//! The key is found by its public numbers, which a certificate holds, and not by what it is
//! called: a label that was given to another key never makes that one sign. Only digests
//! leave the process. One login serves a token, and one session each thread, for any number
//! of signatures.

mod key;
mod login;
mod module;
mod sign;
mod token;
mod uri;
mod words;

use cryptoki::session::Session;
use jiff::Timestamp;
use pkgseal_openpgp::{Certificates, Signer, SigningKey};
use zeroize::Zeroizing;

use super::encoding::Public;
use super::{Found, KeySource, SignerError, said};
use crate::{Error, Passphrase, Result};
use token::Token;

pub(super) use sign::Held;
pub use uri::Pkcs11Key;

/// Whether the last try of a PIN is spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastTry {
    /// The token is left alone: if the PIN is wrong once more, it locks.
    #[default]
    Keep,
    /// The PIN is tried.
    Spend,
}

/// Opens the key on a token that signs for one of the certificates. The passphrase is read
/// only where the token wants a PIN and the URI names no `pin-source`.
pub(super) fn open(
    key: &Pkcs11Key,
    source: &KeySource,
    certificates: &Certificates,
    passphrase: Option<&Passphrase>,
    now: Timestamp,
) -> Result<Signer> {
    let (token, session, pin) = logged_in(key, source, passphrase)?;
    let (signing, place) = key::choose(&token, &session, key, certificates, now)?;
    let held = Held::new(token, place, signing.public().clone(), session, pin)?;
    Ok(signing.held_by(move |hash, digest| held.sign(hash, digest).map_err(said))?)
}

/// This one key, where the token has it.
pub(super) fn find(
    key: &Pkcs11Key,
    wanted: SigningKey,
    source: &KeySource,
    passphrase: Option<&Passphrase>,
) -> Result<Found> {
    let (token, session, pin) = logged_in(key, source, passphrase)?;
    match key::find(&token, &session, key, &wanted)? {
        Ok(place) => {
            let held = Held::new(token, place, wanted.public().clone(), session, pin)?;
            let sign = move |hash, digest: &[u8]| held.sign(hash, digest).map_err(said);
            Ok(Found::Here(wanted.held_by(sign)?))
        }
        Err(absent) => Ok(Found::Elsewhere(absent)),
    }
}

/// The one key that the URI names, which has no certificate yet, and what is public of it
/// as a key made at `now`.
pub(super) fn unclaimed(
    key: &Pkcs11Key,
    source: &KeySource,
    passphrase: Option<&Passphrase>,
    now: Timestamp,
) -> Result<(Held, Public)> {
    let (token, session, pin) = logged_in(key, source, passphrase)?;
    let (public, place) = key::only(&token, &session, key, now)?;
    let held = Held::new(token, place, public.clone(), session, pin)?;
    Ok((held, public))
}

/// A token, a session in which it is logged in, and the PIN where one was used.
type LoggedIn = (Token, Session, Option<Zeroizing<Vec<u8>>>);

/// Finds the token and logs in.
fn logged_in(
    key: &Pkcs11Key,
    source: &KeySource,
    passphrase: Option<&Passphrase>,
) -> Result<LoggedIn> {
    if key.shows_pin {
        return Err(trouble(
            source,
            "pin-value shows the PIN to everybody on this machine, and it is not used",
            Some(
                "change the PIN, write the new one to a file of mode 0600, and name that with \
                 ?pin-source=file:/path or --passphrase-file"
                    .to_owned(),
            ),
        ));
    }
    let (token, session) = Token::open(key, source)?;
    let pin = login::log_in(&token, &session, key, passphrase)?;
    Ok((token, session, pin))
}

/// An error of this key's, with a step that helps.
fn trouble(source: &KeySource, reason: impl Into<String>, hint: Option<String>) -> Error {
    let error = SignerError::new(source, reason);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
    .into()
}
