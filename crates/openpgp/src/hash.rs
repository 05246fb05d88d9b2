//! Hash contexts: one read of a file serves every signature on it.

use std::io::{self, Write};

/// One running hash, of the right kind for one signature (the salt of a v6 signature is
/// already in it). Cheap to clone for v4: a clone may be finished as a plain digest.
#[derive(Clone)]
pub struct HashContext {}

impl Write for HashContext {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        unimplemented!()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Which hashes a set of signatures needs. Made by
/// [`Verifier::plan`](crate::Verifier::plan); collects over several blocks.
#[derive(Clone, Default)]
pub struct HashPlan {}

impl HashPlan {
    /// Starts all hashes.
    pub fn start(&self) -> Hashes {
        unimplemented!()
    }
}

/// Running hashes: feed the signed bytes once with [`Write`], then pass it to
/// [`Verifier::hashed`](crate::Verifier::hashed).
#[derive(Clone)]
pub struct Hashes {}

impl Write for Hashes {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        unimplemented!()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
