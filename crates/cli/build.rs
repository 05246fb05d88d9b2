//! Keeps the TLS half of OpenSSL out of a program that speaks no TLS.
//!
//! The `OpenSSL` backend of sequoia calls `OPENSSL_init_ssl` before `main`, for one thing
//! only: so that no handler is left for the end of the process. That call also loads every
//! table and text of libssl, each time the command starts. `OPENSSL_init_crypto` takes the
//! same arguments and does the same for libcrypto, which is all we use. Only where OpenSSL
//! is linked in; a shared one is as it is.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|set| set == value);
    if std::env::var_os("CARGO_FEATURE_VENDORED_OPENSSL").is_some()
        && is("CARGO_CFG_TARGET_OS", "linux")
    {
        println!("cargo:rustc-link-arg-bins=-Wl,--defsym=OPENSSL_init_ssl=OPENSSL_init_crypto");
    }
}
