//! sqv.

use super::{Run, have, put, run, scratch};

/// `sqv --keyring … SIGNATURE DATA`. sqv 1.1 verifies detached signatures only, has no
/// option for its clock, and asks whether the key was alive when it signed, never
/// whether it is now.
pub fn sqv(keyring: &[u8], signature: &[u8], data: &[u8]) -> Option<Run> {
    let sqv = have("sqv")?;
    let folder = scratch();
    let keyring = put(folder.path(), "keyring.pgp", keyring);
    let signature = put(folder.path(), "data.sig", signature);
    let data = put(folder.path(), "data", data);
    Some(run(sqv
        .command()
        .arg("--keyring")
        .arg(keyring)
        .arg(signature)
        .arg(data)))
}
