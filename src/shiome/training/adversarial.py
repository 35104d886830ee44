"""Two networks against each other: one makes images, the other tells them from real ones."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from shiome.nets.running import learnable, training_pass

Draw = Callable[[PRNGKeyArray], tuple[PyTree, Array]]


class Players(eqx.Module):
    """Both networks as one, for :func:`~shiome.training.fit.fit`.

    Attributes
    ----------
    generator
        Called as ``generator(given, run)``.
    critic
        Called as ``critic(image)``: logits, larger for what seems real.
    """

    generator: Any
    critic: Any


def relativistic(seen: Array, other: Array) -> Float[Array, ""]:
    """How hard it is to believe that ``seen`` is more real than ``other`` is on average.

    −log σ(C(seen) − E C(other)), and the same the other way round; the critic is to believe real
    images, the generator wants its own to be believed.

    Parameters
    ----------
    seen, other
        Logits of any shape.

    References
    ----------
    Jolicoeur-Martineau (2019): The relativistic discriminator; Wang et al. (2018): ESRGAN,
    equations 1 and 2.
    """
    ahead = jax.nn.softplus(-(seen - other.mean())).mean()
    behind = jax.nn.softplus(other - seen.mean()).mean()
    return ahead + behind


def plain(seen: Array, other: Array) -> Float[Array, ""]:
    """Cross entropy of the published game (Goodfellow et al. 2014), as SRGAN uses it.

    For the critic ``seen`` are real logits and ``other`` made ones; the generator, which does not
    change what is real, is left with −log σ(C(made)) when the places are swapped.
    """
    return jax.nn.softplus(-seen).mean() + jax.nn.softplus(other).mean()


class AdversarialLoss(eqx.Module):
    """Losses of both players at once, each blind to the other's parameters.

    A step moves both (simultaneous gradient descent), so that one loop with its checkpoints and
    optimiser serves a game as it serves a single network. A cycle of two such games (CycleGAN) is
    the sum of two losses and of what ties them.

    Attributes
    ----------
    draw
        ``draw(key)`` gives what the generator is given, and real images.
    show
        ``show(given, image)`` is what the critic sees, real or made.
    content
        ``content(made, real)``: how far off the generator's output is, without a critic.
    weight
        Of the critic's opinion in the generator's loss.
    game
        :func:`relativistic` or :func:`plain`.
    """

    draw: Draw
    show: Callable[[PyTree, Array], Array]
    content: Callable[[Array, Array], Float[Array, ""]]
    weight: float
    game: Callable[[Array, Array], Float[Array, ""]] = relativistic

    def __call__(
        self, players: Players, carry: None, key: PRNGKeyArray
    ) -> tuple[Float[Array, ""], None]:
        """Sum of both losses on one batch."""
        which, inside = jax.random.split(key)
        given, real = self.draw(which)
        made, _ = training_pass(players.generator, given, inside)
        critic, still = players.critic, frozen(players.critic)
        shown = jnp.concatenate([self.show(given, real), self.show(given, frozen(made))])
        real_logit, made_logit = jnp.split(critic(shown), 2)
        critic_loss = self.game(real_logit, made_logit)
        opinion = self.game(still(self.show(given, made)), frozen(real_logit))
        return critic_loss + self.content(made, real) + self.weight * opinion, carry


def frozen(tree: PyTree) -> PyTree:
    """The same without a gradient."""
    moving, rest = eqx.partition(tree, learnable(tree))
    return eqx.combine(jax.tree.map(jax.lax.stop_gradient, moving), rest)
