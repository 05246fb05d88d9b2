//! Having digests signed.

use cryptoki::error::{Error as Refused, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, UserType};
use openpgp::crypto::mpi;
use openpgp::types::HashAlgorithm;
use sequoia_openpgp as openpgp;
use zeroize::Zeroizing;

use super::key::Place;
use super::login;
use super::token::{Token, is_full};
use crate::signers::encoding::{Form, Kind, Public, cut, digest_info, kind, signature};
use crate::signers::pool::{Pool, Unopened};
use crate::{Error, Result};

/// Sessions with one token, at most.
const SESSIONS: usize = 64;

/// A key on a token, logged in.
pub(in crate::signers) struct Held {
    token: Token,
    place: Place,
    public: Public,
    pool: Pool<Connection>,
    /// Kept only for a key that wants it for every signature.
    pin: Option<Zeroizing<Vec<u8>>>,
}

/// A session, and the key's handle in it.
struct Connection {
    session: Session,
    key: ObjectHandle,
}

impl Held {
    pub(super) fn new(
        token: Token,
        place: Place,
        public: Public,
        session: Session,
        pin: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Self> {
        let first = connection(&token, &place, session)?;
        let sessions = token.sessions().unwrap_or(SESSIONS).min(SESSIONS);
        Ok(Self {
            pin: pin.filter(|_| place.always_authenticate),
            pool: Pool::with_first(first, sessions),
            token,
            place,
            public,
        })
    }

    /// Has a digest signed, over a session of this thread's own.
    pub(in crate::signers) fn sign(
        &self,
        hash: HashAlgorithm,
        digest: &[u8],
    ) -> Result<mpi::Signature> {
        let unfit = |reason: String| self.token.trouble(reason, None);
        let (mechanism, data) = match kind(&self.public).map_err(unfit)? {
            Kind::Rsa { .. } => (
                Mechanism::RsaPkcs,
                digest_info(hash, digest).map_err(unfit)?,
            ),
            Kind::Ecdsa { length, .. } => (Mechanism::Ecdsa, cut(digest, length).to_vec()),
            Kind::Ed25519 { .. } => (
                Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)),
                digest.to_vec(),
            ),
        };
        let bytes = self.pool.with(
            || self.connect(),
            |connection| {
                if self.place.always_authenticate {
                    self.sign_with_pin(connection, &mechanism, &data)
                } else {
                    connection
                        .session
                        .sign(&mechanism, connection.key, &data)
                        .map_err(|error| self.token.refused(&error, "signing"))
                }
            },
        )?;
        signature(&self.public, Form::Raw, &bytes).map_err(unfit)
    }

    fn connect(&self) -> Result<Connection, Unopened<Error>> {
        let session = self.token.session().map_err(|error| {
            let refused = self.token.refused(&error, "opening a session");
            if is_full(&error) {
                Unopened::Full(refused)
            } else {
                Unopened::Failed(refused)
            }
        })?;
        connection(&self.token, &self.place, session).map_err(Unopened::Failed)
    }

    /// Enters the PIN for this one signature. The PIN goes between the beginning of the
    /// operation and its data, so these go in steps.
    fn sign_with_pin(
        &self,
        Connection { session, key }: &Connection,
        mechanism: &Mechanism<'_>,
        data: &[u8],
    ) -> Result<Vec<u8>> {
        let refused = |error: Refused| self.token.refused(&error, "signing");
        session.sign_init(mechanism, *key).map_err(refused)?;
        login::enter(session, UserType::ContextSpecific, self.pin.as_ref())
            .map_err(|error| login::wrong(&self.token, &error))?;
        session
            .sign_update(data)
            .and_then(|()| session.sign_final())
            .map_err(|error| match error {
                Refused::Pkcs11(
                    RvError::OperationNotInitialized
                    | RvError::FunctionNotSupported
                    | RvError::MechanismInvalid,
                    _,
                ) => self.token.trouble(
                    "the key wants the PIN for every signature (CKA_ALWAYS_AUTHENTICATE), and \
                     the module signs in one step only, which leaves no moment to enter it",
                    Some(
                        "use the card through gpg-agent, or a key without that attribute"
                            .to_owned(),
                    ),
                ),
                error => refused(error),
            })
    }
}

fn connection(token: &Token, place: &Place, session: Session) -> Result<Connection> {
    let found = place
        .find(&session)
        .map_err(|error| token.refused(&error, "looking for the key"))?;
    match found {
        Some(key) => Ok(Connection { session, key }),
        None => Err(token.trouble("the key is no longer on the token", None)),
    }
}
