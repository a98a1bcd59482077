import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, ReactNode, Ref } from "react";

type OfAnchor<Props> = Props &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & { ref?: Ref<HTMLAnchorElement> };

/** A link to another page, in a text. */
export const LinkText = createLink((props: OfAnchor<AnchorProps>): ReactNode => <Anchor {...props} />);

/** A link to another page that looks like a button. */
export const LinkButton = createLink((props: OfAnchor<ButtonProps>): ReactNode => <Button component="a" {...props} />);
