//! A key file as it lies there.

use pkgseal_openpgp::{Certificate, CertificateError};

use crate::Form;

/// A key file: its name, its bytes, and what pkgseal found in it.
#[derive(Clone, Copy, Debug)]
pub struct KeyFile<'a> {
    /// Its name; some consumers go by the extension.
    pub name: &'a str,
    /// What it is.
    pub form: Form,
    /// Its bytes.
    pub content: &'a [u8],
    /// The certificates in it, in order.
    pub certificates: &'a [Certificate],
    /// What could not be used.
    pub errors: &'a [CertificateError],
}

impl KeyFile<'_> {
    /// The part of its name behind the last dot.
    pub fn extension(&self) -> Option<&str> {
        let name = self.name.rsplit('/').next().unwrap_or(self.name);
        name.rsplit_once('.').map(|(_, extension)| extension)
    }
}
