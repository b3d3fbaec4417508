//! Owns how one seed becomes many.

/// Spreads the seeds of a swarm's bots, or a proxy's connections, over all numbers (the finaliser of SplitMix64), so
/// that neighbours do not behave alike whatever is made of a seed.
pub(crate) fn nth_seed(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add((index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn neighbours_differ_and_a_seed_repeats_them() {
        let seeds = |seed| (0..256).map(move |index| nth_seed(seed, index));
        assert_eq!(seeds(1).chain(seeds(2)).collect::<HashSet<_>>().len(), 512);
        assert!(seeds(1).eq(seeds(1)));
    }
}
