//! What a release links, besides what Cargo knows: less to load each time it starts.
//!
//! Only where OpenSSL is linked in. Distributions, which share theirs, share the rest too.

use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=CC");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    if std::env::var_os("CARGO_FEATURE_VENDORED_OPENSSL").is_none()
        || variable("CARGO_CFG_TARGET_OS") != "linux"
    {
        return;
    }
    without_tls();
    let native = variable("HOST") == variable("TARGET");
    if native && variable("CARGO_CFG_TARGET_ENV") == "gnu" {
        with_unwinder();
    }
}

/// Keeps the TLS half of OpenSSL out of a program that speaks no TLS.
///
/// The `OpenSSL` backend of sequoia calls `OPENSSL_init_ssl` before `main`, for one thing
/// only: so that no handler is left for the end of the process. That call also loads every
/// table and text of libssl. `OPENSSL_init_crypto` takes the same arguments and does the
/// same for libcrypto, which is all we use.
fn without_tls() {
    println!("cargo:rustc-link-arg-bins=-Wl,--defsym=OPENSSL_init_ssl=OPENSSL_init_crypto");
}

/// Links the unwinder of the C compiler in, where it has one to be linked in: a shared one
/// is a file more to find, map and relocate, and is not on every small machine.
fn with_unwinder() {
    const UNWINDER: &str = "libgcc_eh.a";
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let said = Command::new(compiler)
        .arg(format!("-print-file-name={UNWINDER}"))
        .output();
    // A compiler that has none repeats the name.
    let file = match said {
        Ok(said) => PathBuf::from(String::from_utf8_lossy(&said.stdout).trim()),
        Err(_) => return,
    };
    if let Some(folder) = file
        .parent()
        .filter(|_| file.is_absolute() && file.is_file())
    {
        println!("cargo:rustc-link-search=native={}", folder.display());
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}
