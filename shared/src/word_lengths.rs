//! Owns the shortest prefix code for what comes so and so often. Knows nothing of residuals.

/// Some of the things to be coded, taken together: their weight, and how often each of them is among them.
type Package = (u64, Vec<u8>);

/// The lengths in bits of the words of the best prefix code for things of these weights, none above `bits_max`.
///
/// This is package-merge: L. Larmore and D. Hirschberg, "A fast algorithm for optimal length-limited Huffman
/// codes", Journal of the ACM 37 (1990).
///
/// # Panics
/// If there are fewer than 2 things, or more than there are words.
pub(crate) fn word_lengths(weights: &[u64], bits_max: u8) -> Vec<u8> {
    let count = weights.len();
    assert!(count >= 2 && count <= 1 << bits_max.min(16), "each of several things gets a word");
    let mut leaves: Vec<Package> = (0..count).map(|place| leaf(weights, place)).collect();
    leaves.sort_by_key(|package| package.0);
    let mut list = leaves.clone();
    for _ in 1..bits_max {
        let pairs: Vec<Package> = list.chunks_exact(2).map(joined).collect();
        list = leaves.iter().cloned().chain(pairs).collect();
        list.sort_by_key(|package| package.0);
    }
    // Each time that a thing was chosen is one bit of its word.
    list.iter().take(2 * count - 2).fold(vec![0; count], |lengths, (_, uses)| sum(&lengths, uses))
}

fn leaf(weights: &[u64], place: usize) -> Package {
    let mut uses = vec![0; weights.len()];
    uses[place] = 1;
    (weights[place], uses)
}

fn joined(pair: &[Package]) -> Package {
    (pair[0].0 + pair[1].0, sum(&pair[0].1, &pair[1].1))
}

fn sum(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one + other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cost(weights: &[u64], lengths: &[u8]) -> u64 {
        weights.iter().zip(lengths).map(|(weight, length)| weight * u64::from(*length)).sum()
    }

    /// The cost of Huffman's own code, which has no limit: the sum of all that is ever joined.
    fn huffman_cost(weights: &[u64]) -> u64 {
        let mut weights = weights.to_vec();
        let mut cost = 0;
        while weights.len() > 1 {
            weights.sort_by(|one, other| other.cmp(one));
            let joined = weights.pop().expect("two") + weights.pop().expect("two");
            cost += joined;
            weights.push(joined);
        }
        cost
    }

    #[test]
    fn a_limit_makes_long_words_shorter() {
        let weights = [1, 1, 2, 3, 5, 8, 13, 21];
        assert_eq!(word_lengths(&weights, 24), [7, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(word_lengths(&weights, 3), [3; 8]);
        // By trying all codes of at most 4 bits: the best one takes 135 bits. Without the limit it is 132.
        let limited = word_lengths(&weights, 4);
        assert_eq!((cost(&weights, &limited), limited.iter().max()), (135, Some(&4)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn words_use_up_everything_and_none_is_too_long(
            weights in prop::collection::vec(1..1u64 << 40, 2..34),
            bits_max in 6..25u8,
        ) {
            let lengths = word_lengths(&weights, bits_max);
            prop_assert!(lengths.iter().all(|length| (1..=bits_max).contains(length)));
            prop_assert_eq!(lengths.iter().map(|length| 1u64 << (bits_max - length)).sum::<u64>(), 1 << bits_max);
        }

        #[test]
        fn without_a_limit_it_costs_what_huffmans_code_does(weights in prop::collection::vec(1..5_000u64, 2..20)) {
            prop_assert_eq!(cost(&weights, &word_lengths(&weights, 24)), huffman_cost(&weights));
        }
    }
}
