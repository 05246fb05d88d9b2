//! What a key is for, and what it has to be like for that.

use std::time::Duration;

use super::{Algorithm, DAY, GenerateRequest, Layout, unfit};
use crate::Result;
use crate::address::Address;

/// How long a key lives that signs with its primary: four years. Maven's tools hardly ever
/// fetch an extension, and nothing there asks for an expiry.
const ONE_KEY_VALIDITY: Duration = Duration::from_secs(1461 * DAY);

/// What a key is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Repositories of distributions: a primary key to be kept offline, and a signing
    /// subkey. Ed25519, OpenPGP v4.
    #[default]
    Distribution,
    /// Maven Central, Gradle and key servers: one RSA key that signs itself. Their tools
    /// name keys by 8, 16 or 40 digits (so it is OpenPGP v4), take the first secret key of
    /// a file, and trust of the primary key does not reach its subkeys.
    Maven,
    /// OpenPGP v6 (RFC 9580).
    Rfc9580,
    /// OpenPGP v6 with post-quantum signatures (RFC 9980).
    PostQuantum,
}

impl Purpose {
    /// The request for such a key.
    ///
    /// # Errors
    /// [`Error::Request`](crate::Error::Request) for an algorithm that does not serve the
    /// purpose, or a user ID that does not: key servers list keys by mail address.
    pub fn request(
        self,
        user_id: impl Into<String>,
        algorithm: Option<Algorithm>,
    ) -> Result<GenerateRequest> {
        let algorithm = algorithm.unwrap_or(match self {
            Self::Distribution => Algorithm::Ed25519,
            Self::Maven => Algorithm::Rsa4096,
            Self::Rfc9580 => Algorithm::Ed25519V6,
            Self::PostQuantum => Algorithm::MlDsa65Ed25519,
        });
        if let Some(reason) = self.objection(algorithm) {
            return Err(unfit("algorithm", format!("{algorithm}: {reason}")));
        }
        let request = GenerateRequest::new(user_id, algorithm);
        if self != Self::Maven {
            return Ok(request);
        }
        if Address::of(request.user_id.as_bytes()).is_none() {
            return Err(unfit(
                "user ID",
                "it has no mail address, by which key servers list keys: \"Name <mail@example.org>\""
                    .to_owned(),
            ));
        }
        Ok(GenerateRequest {
            layout: Layout::One,
            primary_validity: Some(ONE_KEY_VALIDITY),
            subkey_validity: None,
            ..request
        })
    }

    /// Why an algorithm does not serve.
    fn objection(self, algorithm: Algorithm) -> Option<&'static str> {
        let post_quantum = matches!(
            algorithm,
            Algorithm::MlDsa65Ed25519 | Algorithm::MlDsa87Ed448
        );
        match self {
            Self::Distribution => None,
            Self::Maven => (algorithm.version() != 4)
                .then_some("Maven and Gradle cannot name keys of OpenPGP v6"),
            Self::Rfc9580 => (algorithm.version() != 6).then_some("it makes keys of OpenPGP v4"),
            Self::PostQuantum => {
                (!post_quantum).then_some("it does not withstand quantum computers")
            }
        }
    }
}
