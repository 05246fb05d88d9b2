//! Signing with gpg-agent, and through it with cards.
//!
//! Our own client of its protocol: the library for it brings an asynchronous runtime and
//! thirty crates, and connects anew for every signature. Here connections are kept, a few
//! at most: the agent computes one signature at a time, and each connection takes of the
//! little memory it has locked.

mod keygrip;
mod refusal;
mod signature;
mod socket;

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use openpgp::crypto::mpi;
use openpgp::types::HashAlgorithm;
use pkgseal_openpgp::{Certificate, Certificates, Fingerprint, Signer, SigningKey};
use sequoia_openpgp as openpgp;

use super::assuan::{self, Answer, Failure, Secret};
use super::pool::{Pool, Unopened};
use super::{Found, KeySource, SignerError, certificate_of, child};
use crate::{Passphrase, Result};
use refusal::Asking;
use socket::Absent;

type Connection = assuan::Connection<UnixStream, UnixStream>;

/// How long the agent may stay silent. A person may be at its pinentry, or look for the
/// card.
const SILENCE: Duration = Duration::from_secs(300);
/// Connections at once. The agent computes one signature at a time: a second connection
/// keeps it busy while the first one's answer travels, more only wait.
const CONNECTIONS: usize = 4;
/// Attempts when the agent has no memory, or is just ending, and the first pause between them; each next one
/// is twice as long.
const ATTEMPTS: u32 = 7;
const PAUSE: Duration = Duration::from_millis(20);
/// Octets of the text that a pinentry shows, escaped.
const DESCRIPTION: usize = 900;

/// One key of the agent's.
struct Held {
    source: KeySource,
    key: SigningKey,
    grip: String,
    description: String,
    pool: Pool<Connection>,
    passphrase: Words,
    socket: std::path::PathBuf,
}

/// The passphrase that goes to the agent: read when the agent asks, and once.
struct Words {
    source: Option<Passphrase>,
    read: Mutex<Option<Secret>>,
}

impl Words {
    fn get(&self) -> Result<Option<Secret>> {
        let Some(source) = &self.source else {
            return Ok(None);
        };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.is_none() {
            *read = Some(source.read_of("the key with gpg-agent")?);
        }
        Ok(read.clone())
    }
}

pub(super) fn open(
    fingerprint: &Fingerprint,
    source: &KeySource,
    certificates: &Certificates,
    passphrase: Option<&Passphrase>,
    now: Timestamp,
) -> Result<Signer> {
    let certificate = certificate(fingerprint, source, certificates)?;
    let candidates = SigningKey::candidates(&certificate, Some(fingerprint), now)?;
    let agent = Agent::of(source, passphrase)?;
    let mut first = agent.connect()?;

    // The best one the agent has: of several subkeys it may have the older one only.
    let mut named = Vec::new();
    for key in candidates {
        let Some(grip) = keygrip::keygrip(key.public()) else {
            named.push(unfit(&key));
            continue;
        };
        if agent.has(&mut first, &grip, fingerprint)? {
            return agent.hold(first, key, grip);
        }
        named.push(key.fingerprint().to_string());
    }
    Err(refusal::absent(source, &named.join(", ")).into())
}

/// This one key, where the agent has it.
pub(super) fn find(
    key: SigningKey,
    source: &KeySource,
    passphrase: Option<&Passphrase>,
) -> Result<Found> {
    let Some(grip) = keygrip::keygrip(key.public()) else {
        return Ok(Found::Elsewhere(
            refusal::absent(source, &unfit(&key)).into(),
        ));
    };
    let agent = Agent::of(source, passphrase)?;
    let mut first = agent.connect()?;
    if agent.has(&mut first, &grip, key.fingerprint())? {
        return agent.hold(first, key, grip).map(Found::Here);
    }
    let absent = refusal::absent(source, key.fingerprint().as_str());
    Ok(Found::Elsewhere(absent.into()))
}

fn unfit(key: &SigningKey) -> String {
    format!("{} (of a kind it does not sign with)", key.fingerprint())
}

/// Where the agent listens, and who has the passphrase.
struct Agent<'a> {
    source: &'a KeySource,
    passphrase: Option<&'a Passphrase>,
    socket: std::path::PathBuf,
    asking: Asking,
}

impl<'a> Agent<'a> {
    fn of(source: &'a KeySource, passphrase: Option<&'a Passphrase>) -> Result<Self> {
        let socket = socket::find().map_err(|reason| {
            SignerError::new(source, reason).hint("install GnuPG, for example: apt install gnupg")
        })?;
        Ok(Self {
            source,
            passphrase,
            socket,
            asking: match passphrase {
                Some(_) => Asking::Us,
                None => Asking::Pinentry,
            },
        })
    }

    fn connect(&self) -> Result<Connection, SignerError> {
        connect(self.source, &self.socket, Absent::Start, self.asking)
    }

    /// Whether it has this key, which is then chosen.
    fn has(
        &self,
        connection: &mut Connection,
        grip: &str,
        fingerprint: &Fingerprint,
    ) -> Result<bool> {
        let had = connection
            .simple(&format!("HAVEKEY {grip}"))
            .and_then(|_| connection.simple(&format!("SIGKEY {grip}")));
        match had {
            Ok(_) => Ok(true),
            Err(Failure::Refused { .. }) => Ok(false),
            Err(failure) => {
                Err(refusal::explain(self.source, &failure, self.asking, fingerprint).into())
            }
        }
    }

    /// The key as a signer, over this connection first.
    fn hold(self, first: Connection, key: SigningKey, grip: String) -> Result<Signer> {
        let held = Arc::new(Held {
            source: self.source.clone(),
            description: description(key.certificate(), key.fingerprint()),
            key: key.clone(),
            grip,
            pool: Pool::with_first(first, CONNECTIONS),
            passphrase: Words {
                source: self.passphrase.cloned(),
                read: Mutex::new(None),
            },
            socket: self.socket,
        });
        Ok(key.held_by(move |algorithm, digest| Ok(held.sign(algorithm, digest)?))?)
    }
}

/// The certificate that `--certificate` names, else the one gpg has.
pub(super) fn certificate(
    fingerprint: &Fingerprint,
    source: &KeySource,
    certificates: &Certificates,
) -> Result<Certificate> {
    let known = certificate_of(source, fingerprint, certificates);
    if known.is_ok() || !certificates.is_empty() {
        return Ok(known?);
    }
    let exported = child("gpg")
        .args([
            "--batch",
            "--no-tty",
            "--quiet",
            "--export",
            fingerprint.as_str(),
        ])
        .stdin(std::process::Stdio::null())
        .output();
    let (found, _) = match &exported {
        Ok(output) if !output.stdout.is_empty() => Certificate::parse_all(&output.stdout),
        _ => Default::default(),
    };
    Ok(
        certificate_of(source, fingerprint, &Certificates::new(found)).map_err(|_| {
            SignerError::new(
                source,
                "its public certificate is neither given nor known to gpg",
            )
            .hint("name it with --certificate FILE, or import it: gpg --import FILE")
        })?,
    )
}

fn connect(
    source: &KeySource,
    socket: &std::path::Path,
    when: Absent,
    asking: Asking,
) -> Result<Connection, SignerError> {
    let unusable = |failure| unusable(source, socket, &failure);
    let mut connection = greeted(source, socket, when)?;
    for option in super::terminal::options() {
        // What the agent does not want to know (a forwarded one), it need not.
        match connection.simple(&option) {
            Ok(_) | Err(Failure::Refused { .. }) => {}
            Err(failure) => return Err(unusable(failure)),
        }
    }
    if asking == Asking::Us {
        match connection.simple("OPTION pinentry-mode=loopback") {
            Ok(_) => {}
            Err(Failure::Refused { text, .. }) => {
                return Err(SignerError::new(
                    source,
                    format!("the agent takes no passphrase from us: {text}"),
                )
                .hint(
                    "allow it: echo allow-loopback-pinentry >> ~/.gnupg/gpg-agent.conf && \
                     gpgconf --reload gpg-agent",
                ));
            }
            Err(failure) => return Err(unusable(failure)),
        }
    }
    Ok(connection)
}

/// A connection over which the agent has greeted.
fn greeted(
    source: &KeySource,
    socket: &std::path::Path,
    when: Absent,
) -> Result<Connection, SignerError> {
    let io = |error: std::io::Error| unusable(source, socket, &Failure::Io(error));
    let mut left = match when {
        Absent::Start => ATTEMPTS,
        Absent::Fail => 1,
    };
    let mut pause = PAUSE;
    loop {
        left -= 1;
        let stream = socket::connect(socket, when).map_err(|reason| {
            SignerError::new(source, reason).hint(match when {
                Absent::Start => "see what keeps it from running: gpgconf --launch gpg-agent",
                Absent::Fail => refusal::AGAIN,
            })
        })?;
        stream.set_read_timeout(Some(SILENCE)).map_err(io)?;
        stream.set_write_timeout(Some(SILENCE)).map_err(io)?;
        let writer = stream.try_clone().map_err(io)?;
        match Connection::open(stream, writer) {
            Ok(connection) => return Ok(connection),
            // It is just ending, and takes nobody any more: another one is started.
            Err(Failure::Ended | Failure::Io(_)) if left > 0 => std::thread::sleep(pause),
            Err(failure) => return Err(unusable(source, socket, &failure)),
        }
        pause *= 2;
    }
}

fn unusable(source: &KeySource, socket: &std::path::Path, failure: &Failure) -> SignerError {
    SignerError::new(source, format!("{}: {failure}", socket.display()))
        .hint("see whether it answers: gpg-connect-agent 'getinfo version' /bye")
}

/// What a pinentry shows.
fn description(certificate: &Certificate, key: &Fingerprint) -> String {
    let whose = certificate.user_id().unwrap_or_default();
    assuan::escaped(
        &format!("pkgseal signs with this key:\n{whose}\n{key}"),
        DESCRIPTION,
    )
}

impl Held {
    fn sign(&self, algorithm: HashAlgorithm, digest: &[u8]) -> Result<mpi::Signature, SignerError> {
        let digits: String = digest.iter().map(|octet| format!("{octet:02X}")).collect();
        let hash = format!("SETHASH {} {digits}", u8::from(algorithm));
        let mut pause = PAUSE;
        for _ in 1..ATTEMPTS {
            match self.once(&hash) {
                Err(Refused::Agent(failure)) if refusal::is_out_of_memory(&failure) => {
                    self.pool.shrink();
                    std::thread::sleep(pause);
                    pause *= 2;
                }
                other => return self.told(other),
            }
        }
        self.told(self.once(&hash))
    }

    fn once(&self, hash: &str) -> Result<Secret, Refused> {
        let connect = || {
            let mut connection = connect(&self.source, &self.socket, Absent::Fail, self.asking())
                .map_err(|error| Unopened::Failed(Refused::Unreachable(error)))?;
            connection
                .simple(&format!("SIGKEY {}", self.grip))
                .map_err(|failure| Unopened::Failed(Refused::Agent(failure)))?;
            Ok(connection)
        };
        self.pool
            .with(connect, |connection| self.ask(connection, hash))
    }

    fn told(&self, answer: Result<Secret, Refused>) -> Result<mpi::Signature, SignerError> {
        match answer {
            Ok(text) => signature::read(&text, self.key.public()).ok_or_else(|| {
                SignerError::new(
                    &self.source,
                    "the agent's answer is no signature of this key",
                )
            }),
            Err(Refused::Agent(failure)) => Err(refusal::explain(
                &self.source,
                &failure,
                self.asking(),
                self.key.fingerprint(),
            )),
            Err(Refused::Passphrase(reason)) => Err(SignerError::new(&self.source, reason)),
            Err(Refused::Unreachable(error)) => Err(error),
        }
    }

    fn asking(&self) -> Asking {
        match self.passphrase.source {
            Some(_) => Asking::Us,
            None => Asking::Pinentry,
        }
    }

    fn ask(&self, connection: &mut Connection, hash: &str) -> Result<Secret, Refused> {
        // The key stays chosen for as long as the connection lasts.
        for command in [&format!("SETKEYDESC {}", self.description), hash] {
            connection.simple(command)?;
        }
        let mut unread = None;
        let signed = connection.command("PKSIGN", &mut |question| {
            if !question.starts_with("PASSPHRASE") {
                return Answer::Cancel;
            }
            match self.passphrase.get() {
                Ok(Some(words)) => Answer::Data(words),
                Ok(None) => Answer::Cancel,
                Err(error) => {
                    unread = Some(error.to_string());
                    Answer::Cancel
                }
            }
        });
        match unread {
            Some(reason) => Err(Refused::Passphrase(reason)),
            None => Ok(signed?),
        }
    }
}

/// Why there is no signature.
enum Refused {
    Agent(Failure),
    /// There is no further connection to it.
    Unreachable(SignerError),
    /// The passphrase that the agent asked for could not be read.
    Passphrase(String),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Agent(failure)
    }
}
