//! The page in a real browser: Chromium, told what to do by Playwright, with axe-core as the judge of what everybody can use.

mod deciding;
mod fences;
mod looks;
mod pictures;
pub mod rig;
