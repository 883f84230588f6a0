/** Tests of the server, over real HTTP with throwaway routes, and of who may call it. */
@NullMarked
package dev.provisioner.http;

import org.jspecify.annotations.NullMarked;
