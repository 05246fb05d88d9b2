//! `pkgseal-testkit generate [--new-keys]`: rewrites `testdata/`.

use pkgseal_testkit::{generate, keys, testdata};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["generate"] => {}
        ["generate", "--new-keys"] => {
            keys::generate_missing();
        }
        _ => anyhow::bail!("usage: pkgseal-testkit generate [--new-keys]"),
    }
    generate::generate(&testdata());
    Ok(())
}
