import type { ComponentPropsWithoutRef, MouseEvent } from "react";
import { navigate } from "./routing";

interface RouteLinkProps extends ComponentPropsWithoutRef<"a"> {
  to: string;
}

/** A link that changes the address without loading the page; with Ctrl or the middle button it is an ordinary one. */
export function RouteLink({ to, onClick, ...rest }: RouteLinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
      return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={follow} {...rest} />;
}
